import { Button, Text } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { AuditEntry } from '../../../contract/audit.js';
import { auditQuery } from '../api/audit.js';
import { FaultNotice } from '../elements/fault-notice.js';
import { JsonView } from '../elements/json-view.js';
import { PageLoading } from '../elements/page-loading.js';
import { FullTime } from '../elements/time.js';
import { paths } from '../paths.js';
import { texts } from '../texts.js';
import classes from './audit.module.css';

/** Newest first; of one webhook, or of the whole company. */
export function AuditTrail({ webhookId }: { readonly webhookId?: string }) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    auditQuery(webhookId),
  );
  if (error !== null) return <FaultNotice error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <PageLoading small />;
  const entries = data.pages.flatMap(({ items }) => items);
  if (entries.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {texts.audit.empty}
      </Text>
    );
  return (
    <>
      <ol className={classes.list}>
        {entries.map((entry) => (
          <Entry key={entry.id} entry={entry} withWebhook={webhookId === undefined} />
        ))}
      </ol>
      {hasNextPage && (
        <Button variant="default" size="xs" mt="md" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {texts.audit.more}
        </Button>
      )}
    </>
  );
}

function Entry({ entry, withWebhook }: { readonly entry: AuditEntry; readonly withWebhook: boolean }) {
  const { actor, action, at, webhookId, before, after } = entry;
  return (
    <li>
      <div className={classes.line}>
        <span>
          <strong>{actor.kind === 'token' ? `${texts.audit.token} ${actor.name}` : actor.name}</strong>{' '}
          {texts.audit.actions[action]}{' '}
          {withWebhook && webhookId !== null && <Link to={paths.webhook(webhookId)}>{webhookId}</Link>}
        </span>
        <span className={classes.at}>
          <FullTime at={at} />
        </span>
      </div>
      {(before !== null || after !== null) && (
        <details className={classes.change}>
          <summary>{texts.audit.show}</summary>
          {before !== null && <Side title={texts.audit.before} value={before} />}
          {after !== null && <Side title={texts.audit.after} value={after} />}
        </details>
      )}
    </li>
  );
}

function Side({ title, value }: { readonly title: string; readonly value: Readonly<Record<string, unknown>> }) {
  return (
    <>
      <p className={classes.side}>{title}</p>
      <JsonView value={value} label={title} />
    </>
  );
}
