import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { FailureDetail, FailureFilter, FailurePage } from '../../../contract/failure.js';
import { pathOf, request } from './http.js';

const PAGE_SIZE = 100;

/**
 * Pages of the failure log, newest first; the cursor stays right while entries are added. `asOf`, epoch ms, is when the
 * log was opened or refreshed: never by itself, which would ask for all pages anew under whoever reads them.
 */
export const failuresQuery = (webhookId: string, filter: FailureFilter, asOf: number) =>
  infiniteQueryOptions({
    queryKey: ['failures', webhookId, filter, asOf],
    queryFn: ({ signal, pageParam }) =>
      request<FailurePage>('GET', path(webhookId), {
        query: { ...filter, limit: PAGE_SIZE, cursor: pageParam },
        signal,
      }),
    // Comparing ten thousand entries with themselves at every page would be felt while scrolling.
    structuralSharing: false,
    staleTime: Infinity,
    placeholderData: (before, query) => (query?.queryKey[1] === webhookId ? before : undefined),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });

export const failureQuery = (webhookId: string, attemptId: string) =>
  queryOptions({
    queryKey: ['failure', webhookId, attemptId],
    queryFn: ({ signal }) =>
      request<FailureDetail>('GET', `${path(webhookId)}/${encodeURIComponent(attemptId)}`, { signal }),
  });

/** A plain link: the browser streams it to a file, however long it is. */
export function exportHref(webhookId: string, filter: FailureFilter, format: 'ndjson' | 'csv'): string {
  return pathOf(`${path(webhookId)}/export`, { ...filter, format });
}

function path(webhookId: string): string {
  return `/webhooks/${encodeURIComponent(webhookId)}/failures`;
}
