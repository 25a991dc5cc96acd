import type { FailureFilter } from '../../contract/failure.js';

/** Addresses of the pages: Admin Panel → APIs & Webhooks → Webhooks → v2. */
const SECTION = '/admin/apis-webhooks';
const LIST = `${SECTION}/webhooks/v2`;

export const paths = {
  list: LIST,
  create: `${LIST}/new`,
  webhook: (id: string) => `${LIST}/${encodeURIComponent(id)}`,
  edit: (id: string) => `${LIST}/${encodeURIComponent(id)}/edit`,
  failures: (id: string) => `${LIST}/${encodeURIComponent(id)}/failures`,
  failure: (id: string, attemptId: string) =>
    `${LIST}/${encodeURIComponent(id)}/failures/${encodeURIComponent(attemptId)}`,
  tokens: `${SECTION}/tokens`,
  audit: `${SECTION}/audit`,
  apiReference: '/api/docs',
} as const;

/** The filters of the failure log as they stand in its address, so that a link shows what its sender saw. */
export const FAILURE_FILTERS: readonly (keyof FailureFilter)[] = ['from', 'to', 'eventType', 'statusClass', 'eventId'];
