import { describe, expect, test } from '@jest/globals';
import { pipelineOf, toAvroRecord } from '../../../deploy/local/simulator/avro-event.js';
import type { CallEnd } from '../../../deploy/local/simulator/call-records.js';
import { simulateEvents, type LifeCycleOptions } from '../../../deploy/local/simulator/life-cycles.js';
import { createRandom } from '../../../deploy/local/simulator/random.js';
import type { SimulatedEvent } from '../../../deploy/local/simulator/simulated-event.js';
import { EVENT_TYPES } from '../../../services/shared/core/vocabulary.js';
import { parseSchema } from '../../../services/shared/platform/avro/parse-schema.js';
import { createRecordEncoder } from '../../../services/shared/platform/avro/record-encoder.js';
import { newestSchema } from '../../../services/shared/platform/avro/schema-files.js';
import { HEADER_BYTES } from '../../../services/shared/platform/avro/wire-format.js';

const OPTIONS: LifeCycleOptions = {
  seed: 7,
  companies: ['co_a', 'co_b', 'co_c'],
  events: 5_000,
  startAt: Date.UTC(2026, 10, 24, 9),
};

function simulate(changes: Partial<LifeCycleOptions> = {}): SimulatedEvent[] {
  return [...simulateEvents({ ...OPTIONS, ...changes })];
}

function byConversation(events: readonly SimulatedEvent[]): Map<string, SimulatedEvent[]> {
  const conversations = new Map<string, SimulatedEvent[]>();
  for (const event of events) {
    const known = conversations.get(event.conversationId);
    if (known === undefined) conversations.set(event.conversationId, [event]);
    else known.push(event);
  }
  return conversations;
}

/** Left out: conversations that the count may have cut. */
function wholeConversations(): SimulatedEvent[][] {
  const events = simulate();
  const cut = new Set(events.slice(-500).map(({ conversationId }) => conversationId));
  return [...byConversation(events).values()].filter(([first]) => !cut.has(first?.conversationId ?? ''));
}

describe('simulated events', () => {
  const events = simulate();

  test('are the same for the same options', () => {
    expect(simulate()).toEqual(events);
  });

  test.each<[string, Partial<LifeCycleOptions>]>([
    ['seed', { seed: 8 }],
    ['start', { startAt: OPTIONS.startAt + 1 }],
  ])('share no event id with those of another %s', (_name, changes) => {
    const ids = new Set(events.map(({ eventId }) => eventId));
    expect(simulate(changes).filter(({ eventId }) => ids.has(eventId))).toEqual([]);
  });

  test('fit their Avro schemas, with no field that the schema does not know', () => {
    const types = {
      'call-event': parseSchema(newestSchema('call-event')),
      'whatsapp-event': parseSchema(newestSchema('whatsapp-event')),
    };
    const faults: string[] = [];
    for (const event of events) {
      types[pipelineOf(event.eventType)].isValid(toAvroRecord(event), {
        noUndeclaredFields: true,
        errorHook: (path) => faults.push(`${event.eventType}: ${path.join('.')}`),
      });
    }
    expect(faults).toEqual([]);
  });

  test('come back from Avro byte for byte as they are here, so that deliveries can be held against them', () => {
    for (const pipeline of ['call-event', 'whatsapp-event'] as const) {
      const schema = newestSchema(pipeline);
      const [encoder, type] = [createRecordEncoder<object>(schema, 1), parseSchema(schema)];
      for (const event of events.filter(({ eventType }) => pipelineOf(eventType) === pipeline)) {
        const decoded = type.decode(encoder.encode(toAvroRecord(event)), HEADER_BYTES).value as { data: object };
        expect(JSON.stringify(Object.values(decoded.data)[0])).toBe(JSON.stringify(event.data));
      }
    }
  });

  test('are of all 14 types, of all companies, each with an id of its own', () => {
    expect(new Set(events.map(({ eventType }) => eventType))).toEqual(new Set(EVENT_TYPES));
    expect(new Set(events.map(({ companyId }) => companyId))).toEqual(new Set(OPTIONS.companies));
    expect(new Set(events.map(({ eventId }) => eventId)).size).toBe(events.length);
  });

  test.each([0, 1, 2, 7, 333, 2_000])('are exactly as many as asked for: %d', (count) => {
    expect(simulate({ events: count })).toHaveLength(count);
  });

  test('come in order of time, many conversations interleaved', () => {
    const times = events.map(({ occurredAt }) => Date.parse(occurredAt));
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    expect(Math.min(...times)).toBeGreaterThanOrEqual(OPTIONS.startAt);
    const switches = events.filter(({ conversationId }, index) => conversationId !== events[index - 1]?.conversationId);
    expect(switches.length).toBeGreaterThan(events.length * 0.7);
  });

  test('are numbered from 1 without gaps in each conversation, call.disposition alone having no number', () => {
    for (const conversation of byConversation(events).values()) {
      const sequenced = conversation.filter(({ eventType }) => eventType !== 'call.disposition');
      expect(sequenced.map(({ eventSequence }) => eventSequence)).toEqual(sequenced.map((_, index) => index + 1));
      const others = conversation.filter(({ eventType }) => eventType === 'call.disposition');
      expect(others.every(({ eventSequence }) => eventSequence === null)).toBe(true);
    }
  });

  test('belong to one company per conversation', () => {
    for (const conversation of byConversation(events).values()) {
      expect(new Set(conversation.map(({ companyId }) => companyId)).size).toBe(1);
    }
  });

  test.each<[string, Partial<LifeCycleOptions>]>([
    ['no company', { companies: [] }],
    ['a negative count', { events: -1 }],
    ['a broken count', { events: 1.5 }],
  ])('%s is refused', (_name, changes) => {
    expect(() => simulate(changes)).toThrow(RangeError);
  });
});

describe('life-cycles', () => {
  const conversations = wholeConversations();
  const kinds = conversations.map((events) => events.map(({ eventType }) => eventType).join(' '));
  const calls = kinds.filter((kind) => kind.startsWith('call.'));

  test.each<[string, RegExp]>([
    ['is answered', /^call.initiated call.dial_begin call.answered call.end call.summary( call.disposition)?$/],
    [
      'is answered after others let it ring',
      /^call.initiated (call.dial_begin ){2,}call.answered call.end call.summary/,
    ],
    ['is never answered', /^call.initiated (call.dial_begin )+call.end call.summary$/],
    ['is transferred or dialled out', /^call.initiated (call.dial_begin call.answered ){2}call.end call.summary/],
    ['ends in the menu', /^call.initiated call.end call.summary$/],
  ])('there is a call that %s', (_name, course) => {
    expect(calls.filter((kind) => course.test(kind)).length).toBeGreaterThan(5);
  });

  test('every call begins with call.initiated and ends with call.summary or call.disposition', () => {
    const whole = /^call.initiated (call.dial_begin |call.answered )*call.end call.summary( call.disposition)?$/;
    expect(calls.filter((kind) => !whole.test(kind))).toEqual([]);
  });

  test.each<[string, RegExp]>([
    ['a customer begins and that is closed', /^message.received conversation.assign .*conversation.close$/],
    ['fails', /^message.sent message.failed$/],
    ['is a campaign with a click', /^message.sent message.delivered (message.read )?message.link_tracking$/],
    ['is a campaign with an answer', /^message.sent message.delivered .*message.received .*conversation.close$/],
  ])('there is a WhatsApp conversation that %s', (_name, course) => {
    expect(kinds.filter((kind) => course.test(kind)).length).toBeGreaterThan(5);
  });

  test('what a call tells at its end agrees with what it told before', () => {
    for (const events of conversations.filter(([first]) => first?.eventType === 'call.initiated')) {
      const end = events.find(({ eventType }) => eventType === 'call.end')?.data as CallEnd;
      const dialled = events.filter(({ eventType }) => eventType === 'call.dial_begin').map(({ data }) => data);
      const legs = end.legs.filter(({ leg_id }) => end.direction === 'outbound' || leg_id !== 'leg_1');
      expect(dialled).toMatchObject(
        legs.map(({ leg_id, started_at }) => ({ leg: { leg_id }, dial_started_at: started_at })),
      );
      expect(end.duration_seconds).toBeGreaterThanOrEqual(end.talk_seconds);
      expect(end.legs.every(({ ended_at }) => ended_at <= end.ended_at)).toBe(true);
    }
  });
});

describe('chance', () => {
  test('repeats with its seed and on every machine', () => {
    const random = createRandom(7);
    expect([random.whole(1, 1_000), random.whole(1, 1_000), random.identifier(8)]).toMatchInlineSnapshot(`
     [
       455,
       64,
       "CPZS2KKW",
     ]
    `);
  });

  test('is spread evenly', () => {
    const random = createRandom(1);
    const counts = Array.from({ length: 10 }, () => 0);
    for (let draw = 0; draw < 100_000; draw += 1) counts[random.whole(0, 9)]! += 1;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});
