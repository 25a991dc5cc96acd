import { infiniteQueryOptions } from '@tanstack/react-query';
import type { AuditPage } from '../../../contract/audit.js';
import { request } from './http.js';

/** The audit trail of the company, or of one webhook; for Owners alone. */
export const auditQuery = (webhookId: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ['audit', webhookId ?? 'all'],
    queryFn: ({ signal, pageParam }) =>
      request<AuditPage>('GET', '/audit', { query: { webhookId, limit: 50, cursor: pageParam }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });
