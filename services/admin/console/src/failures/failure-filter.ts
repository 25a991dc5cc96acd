import { isEventType } from '../../../../shared/core/vocabulary.js';
import type { FailureFilter, StatusClass } from '../../../contract/failure.js';

/**
 * The filters of the failure log as they stand in the page's address: a link shows what its sender saw. `period` is
 * kept as the word that was chosen ("24h"), and becomes an instant only when the API is asked; anything that isn't
 * a filter is ignored.
 */
export const STATUS_CLASSES: readonly StatusClass[] = ['1xx', '3xx', '4xx', '5xx', 'none'];
export const PERIODS = ['all', '1h', '24h', '7d', 'own'] as const;
export type Period = (typeof PERIODS)[number];

const HOURS: Readonly<Partial<Record<Period, number>>> = { '1h': 1, '24h': 24, '7d': 168 };
const MINUTE_MS = 60_000;

export function periodOf(search: URLSearchParams): Period {
  return PERIODS.find((period) => period === search.get('period')) ?? 'all';
}

/** What to ask the API; whole minutes, so that the same page asks the same question for a while. */
export function filterOf(search: URLSearchParams, nowMs: number): FailureFilter {
  const filter: FailureFilter = timesOf(search, nowMs);
  const eventType = search.get('eventType');
  if (eventType !== null && isEventType(eventType)) filter.eventType = eventType;
  const statusClass = STATUS_CLASSES.find((known) => known === search.get('statusClass'));
  if (statusClass !== undefined) filter.statusClass = statusClass;
  const eventId = search.get('eventId')?.trim();
  if (eventId !== undefined && eventId !== '') filter.eventId = eventId;
  return filter;
}

function timesOf(search: URLSearchParams, nowMs: number): FailureFilter {
  const period = periodOf(search);
  const hours = HOURS[period];
  if (hours !== undefined) {
    const from = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS - hours * 3_600_000;
    return { from: new Date(from).toISOString() };
  }
  if (period !== 'own') return {};
  const [from, to] = [instant(search.get('from')), instant(search.get('to'))];
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

/** A copy with one filter set, or taken away when it is empty or means everything. */
export function withFilter(search: URLSearchParams, name: string, value: string): URLSearchParams {
  const next = new URLSearchParams(search);
  if (value === '' || value === 'all') next.delete(name);
  else next.set(name, value);
  return next;
}

export function isFiltered(filter: FailureFilter): boolean {
  return Object.keys(filter).length > 0;
}

/** An instant from the text of a local date-time field, or from an ISO instant; undefined from anything else. */
function instant(text: string | null): string | undefined {
  if (text === null || text === '') return undefined;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
