import { Button, Menu } from '@mantine/core';
import { IconDownload, IconRefresh } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery, type InfiniteData, type UseInfiniteQueryResult } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Outlet, useParams, useSearchParams } from 'react-router';
import type { FailureFilter, FailurePage } from '../../../contract/failure.js';
import { exportHref, failuresQuery } from '../api/failures.js';
import { webhookQuery } from '../api/webhooks.js';
import { Card } from '../elements/card.js';
import { FaultNotice } from '../elements/fault-notice.js';
import { PageLoading } from '../elements/page-loading.js';
import { QueryFault } from '../elements/query-fault.js';
import { PageHeader, WEBHOOKS_CRUMBS } from '../layout/page-header.js';
import { paths } from '../paths.js';
import { texts } from '../texts.js';
import { EmptyLog } from './empty-log.js';
import { FailureFilters } from './failure-filters.js';
import { filterOf, isFiltered } from './failure-filter.js';
import { FailureTable } from './failure-table.js';

/** "Failure logs: list of failed attempts; Inspect shows pretty-printed JSON and the HTTP status." */
export function FailuresPage() {
  const { webhookId = '' } = useParams();
  const [search] = useSearchParams();
  const [asOf, setAsOf] = useState(() => Date.now());
  const filter = useMemo(() => filterOf(search, asOf), [search, asOf]);
  const webhook = useQuery(webhookQuery(webhookId));
  const log = useInfiniteQuery(failuresQuery(webhookId, filter, asOf));
  const refresh = (): void => {
    window.scrollTo(0, 0);
    setAsOf(Date.now());
  };
  if (webhook.error !== null && webhook.data === undefined)
    return (
      <QueryFault
        error={webhook.error}
        onRetry={() => void webhook.refetch()}
        notFound={texts.errors.notFoundWebhook}
      />
    );
  return (
    <>
      <PageHeader
        title={texts.failures.title}
        lead={webhook.data?.url ?? ' '}
        crumbs={[
          ...WEBHOOKS_CRUMBS,
          { label: texts.detail.title, to: paths.webhook(webhookId) },
          { label: texts.failures.title },
        ]}
        actions={<Actions webhookId={webhookId} filter={filter} onRefresh={refresh} busy={log.isPlaceholderData} />}
      />
      <Log webhookId={webhookId} filtered={isFiltered(filter)} log={log} />
      <Outlet />
    </>
  );
}

interface LogProps {
  readonly webhookId: string;
  readonly filtered: boolean;
  readonly log: UseInfiniteQueryResult<InfiniteData<FailurePage>>;
}

function Log({ webhookId, filtered, log }: LogProps) {
  const [search, setSearch] = useSearchParams();
  const entries = useMemo(() => log.data?.pages.flatMap(({ items }) => items) ?? [], [log.data]);
  const loadMore = (): void => {
    if (log.hasNextPage && !log.isFetching && !log.isPlaceholderData) void log.fetchNextPage();
  };
  return (
    <Card flush>
      <FailureFilters search={search} onSearch={(next) => setSearch(next, { replace: true })} />
      {log.error !== null && (
        <FaultNotice
          error={log.error}
          onRetry={() => void (log.isFetchNextPageError ? log.fetchNextPage() : log.refetch())}
        />
      )}
      {log.isPending && <PageLoading />}
      {log.data !== undefined && entries.length === 0 && (
        <EmptyLog filtered={filtered} onClear={() => setSearch({}, { replace: true })} />
      )}
      {entries.length > 0 && (
        <FailureTable
          webhookId={webhookId}
          entries={entries}
          search={search}
          complete={!log.hasNextPage}
          onEnd={loadMore}
        />
      )}
    </Card>
  );
}

interface ActionsProps {
  readonly webhookId: string;
  readonly filter: FailureFilter;
  readonly onRefresh: () => void;
  readonly busy: boolean;
}

function Actions({ webhookId, filter, onRefresh, busy }: ActionsProps) {
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconRefresh size={16} stroke={1.6} aria-hidden="true" />}
        onClick={onRefresh}
        loading={busy}
      >
        {texts.failures.refresh}
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" leftSection={<IconDownload size={16} stroke={1.6} aria-hidden="true" />}>
            {texts.failures.export}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item component="a" href={exportHref(webhookId, filter, 'ndjson')} download>
            {texts.failures.exportNdjson}
          </Menu.Item>
          <Menu.Item component="a" href={exportHref(webhookId, filter, 'csv')} download>
            {texts.failures.exportCsv}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
