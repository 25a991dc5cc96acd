import { describe, expect, test } from '@jest/globals';
import { CompanySubscriptions, type Subscription } from '../../services/shared/core/company-subscriptions.js';
import { normalizeEvent, type EventFamily } from '../../services/shared/core/contract.js';
import { renderBody, type Event } from '../../services/shared/core/event.js';
import { attemptIdOf, firstJob, jobIdOf, jobKeyOf, retryOf } from '../../services/shared/core/job.js';
import {
  CALL_EVENT_TYPES,
  EVENT_TYPES,
  isEventType,
  WHATSAPP_EVENT_TYPES,
  type EventType,
} from '../../services/shared/core/vocabulary.js';
import { CALL_EVENTS } from '../../services/call-consumer/normalize.js';
import { WHATSAPP_EVENTS } from '../../services/whatsapp-consumer/normalize.js';
import { eventOf, NOW, sourceOf, subscriptionOf } from '../support/samples.js';

/**
 * Chapter 1: events, and which webhooks they go to.
 *
 * "Every event has `event_id` (unique, the receiver's idempotency key), `event_type`, `company_id`, `occurred_at`,
 * `event_sequence` (orders the events of one call or conversation) and `data`. `call.disposition` alone has no
 * `event_sequence`: the key is absent from the JSON, not null." "Every call and WhatsApp event of that company is
 * posted to the endpoints that subscribed to it." "While Inactive, events are not delivered and not held: the Owner
 * asked for that." "An event type that we don't know yet is not an error."
 */

describe('there are 14 sub-events', () => {
  test.each<[string, readonly EventType[], number]>([
    ['calls', CALL_EVENT_TYPES, 6],
    ['WhatsApp', WHATSAPP_EVENT_TYPES, 8],
    ['both together', EVENT_TYPES, 14],
  ])('%s have their number of them', (_family, types, count) => {
    expect(new Set(types).size).toBe(count);
    expect(types.every((type) => isEventType(type))).toBe(true);
  });

  test.each(['call.recorded', 'Call.end', 'call.end ', '', 'constructor', '__proto__'])(
    'the name %j is none of them',
    (name) => {
      expect(isEventType(name)).toBe(false);
    },
  );
});

describe('the body is the event as JSON', () => {
  test('it has the six members that the customer was promised, in snake case, and data as it came', () => {
    const data = { call_id: 'call_1', note: 'Zoë 🎧 </script>', legs: [{ n: 1 }] };
    expect(JSON.parse(renderBody(eventOf({ data })).toString('utf8'))).toEqual({
      event_id: 'evt_1',
      event_type: 'call.initiated',
      company_id: 'company_1',
      occurred_at: '2026-11-24T03:59:59.000Z',
      event_sequence: 1,
      data,
    });
  });

  test('event_sequence is absent from a disposition, not null', () => {
    const body = renderBody(eventOf({ eventType: 'call.disposition', eventSequence: undefined })).toString('utf8');
    expect(body).not.toContain('event_sequence');
  });

  test('a sequence of 0 is a sequence', () => {
    expect(JSON.parse(renderBody(eventOf({ eventSequence: 0 })).toString('utf8'))).toHaveProperty('event_sequence', 0);
  });

  test('the same event is rendered to the same bytes', () => {
    expect(renderBody(eventOf()).equals(renderBody(eventOf()))).toBe(true);
  });
});

describe('what a decoded record must hold', () => {
  const families: readonly [EventType, EventFamily][] = EVENT_TYPES.map((type) => [
    type,
    type in CALL_EVENTS.branches ? CALL_EVENTS : WHATSAPP_EVENTS,
  ]);

  const recordOf = (type: EventType, family: EventFamily, overrides: Record<string, unknown> = {}): unknown => ({
    event_id: 'evt_1',
    event_type: type,
    company_id: 'company_1',
    occurred_at: '2026-11-24T03:59:59.000Z',
    event_sequence: 4,
    data: { [family.branches[type] ?? '']: { [family.conversationKey]: 'conversation_1' } },
    ...overrides,
  });

  test.each(families)('%s becomes an event with the conversation that it belongs to', (type, family) => {
    expect(normalizeEvent(recordOf(type, family), family)).toMatchObject({
      kind: 'event',
      event: {
        eventId: 'evt_1',
        eventType: type,
        conversationId: 'conversation_1',
        eventSequence: type === 'call.disposition' ? undefined : 4,
      },
    });
  });

  test.each(families)('%s without a sequence breaks the contract, a disposition alone does not', (type, family) => {
    const { kind } = normalizeEvent(recordOf(type, family, { event_sequence: null }), family);
    expect(kind).toBe(type === 'call.disposition' ? 'event' : 'park');
  });

  test('a disposition with a sequence loses it: the customer was promised that the key is absent', () => {
    const normalized = normalizeEvent(recordOf('call.disposition', CALL_EVENTS), CALL_EVENTS);
    expect(normalized.kind === 'event' && renderBody(normalized.event).toString()).not.toContain('event_sequence');
  });

  test('an event type that we do not know yet is skipped, and is no error', () => {
    expect(normalizeEvent({ event_type: 'call.transferred' }, CALL_EVENTS)).toEqual({
      kind: 'skip',
      reason: 'unknown-event-type',
    });
  });

  test.each<[string, unknown]>([
    ['no envelope', 'a string'],
    ['no event type', {}],
    ['an event of the other family', recordOf('message.sent', WHATSAPP_EVENTS)],
    ['no event id', recordOf('call.end', CALL_EVENTS, { event_id: '' })],
    ['an endless company id', recordOf('call.end', CALL_EVENTS, { company_id: 'x'.repeat(257) })],
    ['the data of another event', recordOf('call.end', CALL_EVENTS, { data: { 'telephony.events.CallSummary': {} } })],
    ['a sequence beyond 2^53', recordOf('call.end', CALL_EVENTS, { event_sequence: 2 ** 53 })],
  ])('a record with %s is parked as contract-broken', (_fault, record) => {
    expect(normalizeEvent(record, CALL_EVENTS)).toMatchObject({ kind: 'park', reason: 'contract-broken' });
  });
});

describe('an event goes to the endpoints that subscribed to it', () => {
  const all = EVENT_TYPES;
  const matching = (event: Event, subscriptions: readonly Subscription[], companyId = 'company_1'): readonly string[] =>
    new CompanySubscriptions(companyId, subscriptions).matching(event);

  test.each(EVENT_TYPES)('%s reaches who selected it, and nobody who selected all the others', (eventType) => {
    const wants = subscriptionOf({ webhookId: 'wants', events: [eventType] });
    const others = subscriptionOf({ webhookId: 'others', events: EVENT_TYPES.filter((t) => t !== eventType) });
    expect(matching(eventOf({ eventType }), [others, wants])).toEqual(['wants']);
  });

  test.each([
    ['active', true],
    ['failed', true],
    ['inactive', false],
  ] as const)('a webhook that is %s gets it: %s', (status, gets) => {
    expect(matching(eventOf(), [subscriptionOf({ status, events: all })])).toHaveLength(gets ? 1 : 0);
  });

  test('another company’s webhook never gets it, even when a look-up brings it', () => {
    expect(matching(eventOf(), [subscriptionOf({ events: all })], 'company_2')).toEqual([]);
  });

  test('each webhook of the company gets it once', () => {
    const ids = ['wh_1', 'wh_2', 'wh_3'];
    const webhooks = ids.map((webhookId) => subscriptionOf({ webhookId }));
    expect(matching(eventOf(), webhooks)).toEqual(ids);
  });
});

describe('one event for one webhook is a job', () => {
  const job = firstJob(eventOf(), 'wh_1', Buffer.from('{}'), sourceOf(), NOW);

  test('it asks for attempt 1 at once, on the dispatch lane, and carries ids only', () => {
    expect(job).toMatchObject({
      attempt: 1,
      notBefore: 0,
      lane: 'dispatch',
      webhookId: 'wh_1',
      companyId: 'company_1',
    });
    expect(Object.keys(job).filter((key) => /url|secret|auth|header/i.test(key))).toEqual([]);
  });

  test('a redelivered record makes the same id again', () => {
    expect(firstJob(eventOf(), 'wh_1', Buffer.from('{}'), sourceOf(99), NOW + 1).jobId).toBe(job.jobId);
  });

  test.each([
    ['event', jobIdOf('company_1', 'evt_2', 'wh_1')],
    ['webhook', jobIdOf('company_1', 'evt_1', 'wh_2')],
    ['company', jobIdOf('company_2', 'evt_1', 'wh_1')],
  ])('another %s makes another id', (_what, id) => {
    expect(id).not.toBe(job.jobId);
  });

  test.each(['evt.with.dots', 'evt\nwith\r\nlines', 'Zoë 🎧', 'x'.repeat(10_000)])(
    'whatever a pipeline puts in its ids (%#), the id is safe in a header and has no dot',
    (eventId) => {
      expect(jobIdOf('company_1', eventId, 'wh_1')).toMatch(/^msg_[A-Za-z0-9_-]{27}$/);
    },
  );

  test('a retry is the same job with the next attempt and a time before which it must not be made', () => {
    const retry = retryOf(job, NOW + 3_000);
    expect(retry).toEqual({ ...job, attempt: 2, notBefore: NOW + 3_000 });
    expect(jobKeyOf(retry)).toBe(jobKeyOf(job));
    expect(attemptIdOf(retry)).not.toBe(attemptIdOf(job));
  });

  test('jobs of one conversation for one webhook share a key, hence an order', () => {
    expect(jobKeyOf(job)).toBe('wh_1:call_1');
  });
});
