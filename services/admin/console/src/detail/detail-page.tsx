import { Badge, Button, Group } from '@mantine/core';
import { IconFileAlert, IconPencil } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useNavigate, useParams } from 'react-router';
import type { Webhook } from '../../../contract/webhook.js';
import { REFRESH_MS, webhookQuery } from '../api/webhooks.js';
import { AuditTrail } from '../audit/audit-trail.js';
import { Card } from '../elements/card.js';
import { PageLoading } from '../elements/page-loading.js';
import { QueryFault } from '../elements/query-fault.js';
import { PageHeader, WEBHOOKS_CRUMBS } from '../layout/page-header.js';
import { paths } from '../paths.js';
import { useSession } from '../session/session-context.js';
import { texts } from '../texts.js';
import { RowMenu } from '../webhooks/row-menu.js';
import { StatusBadge } from '../webhooks/status-badge.js';
import { UrlText } from '../webhooks/url-text.js';
import { WebhookDialogs, type OpenDialog } from '../webhooks/webhook-dialogs.js';
import classes from './detail.module.css';
import { EndpointCard } from './endpoint-card.js';
import { FiguresCard } from './figures-card.js';
import { StateCard } from './state-card.js';

/** One webhook: how it is doing, what it is, and who changed it. */
export function DetailPage() {
  const { webhookId = '' } = useParams();
  const { data, error, refetch } = useQuery({ ...webhookQuery(webhookId), refetchInterval: REFRESH_MS });
  const { user } = useSession();
  if (data === undefined && error !== null)
    return <QueryFault error={error} onRetry={() => void refetch()} notFound={texts.errors.notFoundWebhook} />;
  if (data === undefined) return <PageLoading />;
  return (
    <>
      <PageHeader
        title={<UrlText url={data.url} />}
        name={texts.detail.title}
        lead={
          <Group gap="xs" mt={6}>
            <StatusBadge status={data.status} />
            <Badge variant="default" radius="sm" className={classes.quietBadge}>
              {texts.list.selected(data.events.length)}
            </Badge>
          </Group>
        }
        crumbs={[...WEBHOOKS_CRUMBS, { label: texts.detail.title }]}
        actions={<Actions webhook={data} />}
      />
      <div className={classes.grid}>
        <div className={classes.main}>
          <FiguresCard webhookId={data.id} />
          {user.role === 'owner' && (
            <Card title={texts.detail.trail} lead={texts.audit.lead}>
              <AuditTrail webhookId={data.id} />
            </Card>
          )}
        </div>
        <div className={classes.side}>
          <StateCard webhook={data} />
          <EndpointCard webhook={data} />
        </div>
      </div>
    </>
  );
}

function Actions({ webhook }: { readonly webhook: Webhook }) {
  const [dialog, setDialog] = useState<OpenDialog | null>(null);
  const navigate = useNavigate();
  return (
    <>
      <Button
        component={Link}
        to={paths.failures(webhook.id)}
        variant="default"
        leftSection={<IconFileAlert size={16} stroke={1.6} aria-hidden="true" />}
      >
        {texts.menu.failures}
      </Button>
      <Button
        component={Link}
        to={paths.edit(webhook.id)}
        variant="default"
        leftSection={<IconPencil size={16} stroke={1.6} aria-hidden="true" />}
      >
        {texts.menu.edit}
      </Button>
      <RowMenu webhook={webhook} onDialog={setDialog} />
      <WebhookDialogs open={dialog} onClose={() => setDialog(null)} onDeleted={() => void navigate(paths.list)} />
    </>
  );
}
