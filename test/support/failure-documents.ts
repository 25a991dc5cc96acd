import type { Collection } from 'mongodb';
import { EVENT_TYPES } from '../../services/shared/core/vocabulary.js';
import type { StatusClass } from '../../services/shared/core/failure-log.js';
import type { FailureDocument } from '../../services/shared/platform/mongo/failure-document.js';

/** Failure entries in any number, spread over types, classes and time, all different and always the same. */
export const FIRST_AT = Date.UTC(2026, 10, 1);

const CLASSES: readonly [StatusClass, number | null][] = [
  ['5xx', 503],
  ['4xx', 404],
  ['none', null],
  ['3xx', 302],
];

export function failureDocument(number: number, fields: Partial<FailureDocument> = {}): FailureDocument {
  const [statusClass, status] = CLASSES[(number * 7) % CLASSES.length] as (typeof CLASSES)[number];
  const event = Math.floor(number / 3);
  const eventId = fields.eventId ?? `evt_${event}`;
  const at = new Date(FIRST_AT + number * 250);
  return {
    _id: `job_${event}:${number}`,
    jobId: `job_${event}`,
    webhookId: 'wh_1',
    companyId: 'c1',
    eventId,
    eventType: EVENT_TYPES[event % EVENT_TYPES.length] as FailureDocument['eventType'],
    conversationId: `call_${event}`,
    attempt: (number % 3) + 1,
    at,
    durationMs: 12.25,
    request: {
      method: 'POST',
      url: 'https://receiver.example/hook?key=***',
      headers: [
        { name: 'content-type', value: 'application/json' },
        { name: 'webhook-id', value: `job_${event}` },
      ],
      body: JSON.stringify({ event_id: eventId, data: { text: 'x'.repeat(600) } }),
    },
    response:
      status === null
        ? null
        : {
            status,
            headers: [{ name: 'server', value: 'x' }],
            body: `sorry, "${number}",\r\nagain`,
            bodyTruncated: false,
          },
    statusClass,
    cause: { kind: 'server-error', text: 'The endpoint failed.' },
    followUp: number % 3 === 2 ? { kind: 'exhausted' } : { kind: 'retry', at: new Date(at.getTime() + 3_000) },
    // Far off, so that the server's own clock doesn't take them away during a run.
    expiresAt: new Date(Date.UTC(2100, 0, 1)),
    ...fields,
  };
}

const BATCH = 2_000;
const AT_ONCE = 4;

/** Stores that many in bulk; `of` makes each. */
export async function storeFailures(
  entries: Collection<FailureDocument>,
  count: number,
  of: (number: number) => FailureDocument = failureDocument,
): Promise<void> {
  let next = 0;
  const store = async (): Promise<void> => {
    for (let from = next; from < count; from = next) {
      next = Math.min(count, from + BATCH);
      const batch = Array.from({ length: next - from }, (_, index) => of(from + index));
      await entries.insertMany(batch, { ordered: false });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, store));
}
