import { Button, Text, Tooltip } from '@mantine/core';
import { IconWebhook } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import type { WebhookList } from '../../../contract/webhook.js';
import { webhooksQuery } from '../api/webhooks.js';
import { Card } from '../elements/card.js';
import { FaultNotice } from '../elements/fault-notice.js';
import { PageLoading } from '../elements/page-loading.js';
import { PageHeader, WEBHOOKS_CRUMBS } from '../layout/page-header.js';
import { paths } from '../paths.js';
import { texts } from '../texts.js';
import classes from './list.module.css';
import { WebhookTable } from './webhook-table.js';

/** "List: URL, events ("3 selected"), status, and a ⋮ menu on each row." It refreshes by itself. */
export function ListPage() {
  const { data, error, refetch } = useQuery(webhooksQuery);
  return (
    <>
      <PageHeader
        title={texts.list.title}
        lead={texts.list.lead}
        crumbs={WEBHOOKS_CRUMBS}
        actions={data !== undefined && data.items.length > 0 && <AddWebhook list={data} />}
      />
      {error !== null && (
        <div className={classes.notice}>
          <FaultNotice
            error={error}
            {...(data === undefined ? {} : { text: texts.errors.awayStale })}
            onRetry={() => void refetch()}
          />
        </div>
      )}
      {data === undefined && error === null && <PageLoading />}
      {data !== undefined && <Webhooks list={data} />}
    </>
  );
}

function Webhooks({ list: { items, limit } }: { readonly list: WebhookList }) {
  if (items.length === 0) return <Empty />;
  return (
    <>
      {items.length >= limit && (
        <Text role="note" className={classes.limit}>
          {texts.list.limit(limit)}
        </Text>
      )}
      <WebhookTable webhooks={items} />
    </>
  );
}

function AddWebhook({ list }: { readonly list: WebhookList }) {
  const full = list.items.length >= list.limit;
  return (
    <>
      <Text size="sm" c="dimmed" className={classes.count}>
        {texts.list.count(list.items.length, list.limit)}
      </Text>
      <Tooltip label={texts.list.limit(list.limit)} disabled={!full}>
        <Button
          component={Link}
          to={paths.create}
          aria-disabled={full}
          {...(full ? { 'data-disabled': true } : {})}
          onClick={(event) => {
            if (full) event.preventDefault();
          }}
        >
          {texts.list.add}
        </Button>
      </Tooltip>
    </>
  );
}

function Empty() {
  return (
    <Card>
      <div className={classes.empty}>
        <span className={classes.emptyIcon} aria-hidden="true">
          <IconWebhook size={28} stroke={1.5} />
        </span>
        <h2>{texts.list.emptyTitle}</h2>
        <Text c="dimmed" size="sm" maw={420}>
          {texts.list.empty}
        </Text>
        <Button component={Link} to={paths.create} mt="md">
          {texts.list.create}
        </Button>
      </div>
    </Card>
  );
}
