import { Tooltip, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import type { WebhookSummary } from '../../../contract/webhook.js';
import { Card } from '../elements/card.js';
import { RelativeTime } from '../elements/time.js';
import { durationText, shareText } from '../instants.js';
import { paths } from '../paths.js';
import { texts } from '../texts.js';
import classes from './list.module.css';
import { RowMenu } from './row-menu.js';
import { Sparkline } from './sparkline.js';
import { StatusBadge } from './status-badge.js';
import { StatusNote } from './status-note.js';
import { UrlText } from './url-text.js';
import { WebhookDialogs, type OpenDialog } from './webhook-dialogs.js';

/** One row per webhook; what doesn't fit on a phone moves below the URL. */
export function WebhookTable({ webhooks }: { readonly webhooks: readonly WebhookSummary[] }) {
  const [dialog, setDialog] = useState<OpenDialog | null>(null);
  const { columns } = texts.list;
  return (
    <Card flush>
      <table className={classes.table} role="table">
        <thead role="rowgroup">
          <tr role="row">
            <th scope="col" role="columnheader">
              {columns.url}
            </th>
            <th scope="col" role="columnheader">
              {columns.events}
            </th>
            <th scope="col" role="columnheader">
              {columns.status}
            </th>
            <th scope="col" role="columnheader" className={classes.onTablet}>
              {columns.last}
            </th>
            <th scope="col" role="columnheader" className={classes.onTablet}>
              {columns.rate}
            </th>
            <th scope="col" role="columnheader" className={classes.onDesk}>
              {columns.latency}
            </th>
            <th scope="col" role="columnheader">
              <span className="visually-hidden">{columns.actions}</span>
            </th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {webhooks.map((webhook) => (
            <Row key={webhook.id} webhook={webhook} onDialog={setDialog} />
          ))}
        </tbody>
      </table>
      <WebhookDialogs open={dialog} onClose={() => setDialog(null)} />
    </Card>
  );
}

interface RowProps {
  readonly webhook: WebhookSummary;
  readonly onDialog: (dialog: OpenDialog) => void;
}

function Row({ webhook, onDialog }: RowProps) {
  return (
    <tr role="row">
      <td role="cell" className={classes.urlCell}>
        <Link to={paths.webhook(webhook.id)} className={classes.url} title={webhook.url}>
          <UrlText url={webhook.url} />
        </Link>
        <StatusNote webhook={webhook} />
        <div className={`${classes.quiet} ${classes.onPhone}`}>
          <LastDelivery webhook={webhook} /> · <Success webhook={webhook} />
        </div>
      </td>
      <td role="cell">
        <SelectedEvents webhook={webhook} />
      </td>
      <td role="cell">
        <StatusBadge status={webhook.status} />
      </td>
      <td role="cell" className={`${classes.onTablet} ${classes.number}`}>
        <LastDelivery webhook={webhook} />
      </td>
      <td role="cell" className={`${classes.onTablet} ${classes.number}`}>
        <Success webhook={webhook} />
      </td>
      <td role="cell" className={classes.onDesk}>
        <Latency webhook={webhook} />
      </td>
      <td role="cell">
        <RowMenu webhook={webhook} onDialog={onDialog} />
      </td>
    </tr>
  );
}

function SelectedEvents({ webhook }: { readonly webhook: WebhookSummary }) {
  const all = (
    <ul className={classes.tip}>
      {webhook.events.map((event) => (
        <li key={event}>{event}</li>
      ))}
    </ul>
  );
  return (
    <Tooltip label={all} events={{ hover: true, focus: true, touch: true }}>
      <UnstyledButton component="span" tabIndex={0} className={classes.selected} fz="sm">
        {texts.list.selected(webhook.events.length)}
      </UnstyledButton>
    </Tooltip>
  );
}

function LastDelivery({ webhook }: { readonly webhook: WebhookSummary }) {
  if (webhook.lastDeliveryAt === null) return <span>{texts.list.never}</span>;
  return <RelativeTime at={webhook.lastDeliveryAt} />;
}

function Success({ webhook: { last24h } }: { readonly webhook: WebhookSummary }) {
  if (last24h.successRate === null) return <span>{texts.list.noAttempts}</span>;
  return (
    <Tooltip label={texts.list.attempts(last24h.deliveries, last24h.failures)}>
      <span tabIndex={0}>{shareText(last24h.successRate)}</span>
    </Tooltip>
  );
}

function Latency({ webhook: { last24h } }: { readonly webhook: WebhookSummary }) {
  const last = last24h.p50Ms.findLast((value) => value !== null) ?? null;
  return (
    <span className={classes.latency}>
      <Sparkline valuesMs={last24h.p50Ms} />
      {last !== null && <span className={classes.number}>{durationText(last)}</span>}
    </span>
  );
}
