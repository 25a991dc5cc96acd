import type { Job } from '../../../services/shared/core/job.js';
import { firstJob } from '../../../services/shared/core/job.js';
import { renderBody } from '../../../services/shared/core/event.js';
import { exampleOf, type EventExample } from '../../support/event-examples.js';
import { eventIdOf } from './sink-notebook.js';

/** Of every body that the measurements send. */
export const BODY_BYTES = 1_024;
export const EVENT_TYPE = 'call.end';

/** A webhook to send to. */
export interface Recipient {
  readonly companyId: string;
  readonly webhookId: string;
}

const EXAMPLE = exampleOf(EVENT_TYPE);
const { legs } = EXAMPLE.data as { readonly legs: readonly unknown[] };

/** A call.end of a call of its own, whose body has BODY_BYTES: one leg, and a note that fills it up. */
export function sampleEvent(companyId: string, number: number, producedAtUs: number): EventExample {
  const data = { ...EXAMPLE.data, call_id: `call_${String(number).padStart(9, '0')}`, legs: legs.slice(0, 1) };
  const event = { ...EXAMPLE, event_id: eventIdOf(producedAtUs, number), company_id: companyId };
  const spare = BODY_BYTES - bodyOf({ ...event, data: { ...data, metadata: { note: '' } } }).byteLength;
  if (spare < 0) throw new Error(`the sample is ${-spare} bytes too long`);
  return { ...event, data: { ...data, metadata: { note: 'x'.repeat(spare) } } };
}

/** The job that the fan-out would make of it. */
export function sampleJob({ companyId, webhookId }: Recipient, number: number, producedAtUs: number): Job {
  const { event_id, event_type, occurred_at, data } = sampleEvent(companyId, number, producedAtUs);
  const event = {
    eventId: event_id,
    eventType: event_type,
    companyId,
    occurredAt: occurred_at,
    eventSequence: 4,
    conversationId: String(data['call_id']),
    data,
  };
  const source = { topic: 'calls.events', partition: 0, offset: String(number) };
  return firstJob(event, webhookId, renderBody(event), source, Math.floor(producedAtUs / 1_000));
}

function bodyOf({ event_id, event_type, company_id, occurred_at, data }: EventExample): Buffer {
  return renderBody({
    eventId: event_id,
    eventType: event_type,
    companyId: company_id,
    occurredAt: occurred_at,
    eventSequence: 4,
    conversationId: '',
    data,
  });
}
