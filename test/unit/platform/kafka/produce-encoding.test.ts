import { afterEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import Broker, { type Message, type ProduceOptions } from 'kafkajs/src/broker/index.js';
import requestV3 from 'kafkajs/src/protocol/requests/produce/v3/request.js';
import { encodeProduce, encodeProducedAtOnce } from '../../../../services/shared/platform/kafka/produce-encoding.js';
import { NOW } from '../../../support/samples.js';

afterEach(() => {
  jest.restoreAllMocks();
});

/** What kafkajs itself makes of it. */
async function original(options: ProduceOptions): Promise<Buffer> {
  jest.spyOn(Date, 'now').mockReturnValue(NOW);
  return (await requestV3(options).encode()).buffer;
}

const bytes = (maxLength: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ maxLength, size: 'max' }).map((array) => Buffer.from(array));
const messages: fc.Arbitrary<readonly Message[]> = fc.array(
  fc.record({
    key: fc.oneof(fc.constant(null), fc.constant(undefined), fc.string({ unit: 'grapheme' }), bytes(100)),
    value: fc.oneof(fc.constant(null), fc.string(), bytes(3_000)),
  }),
  { minLength: 1, maxLength: 150, size: 'max' },
);
const requests: fc.Arbitrary<ProduceOptions> = fc.record({
  acks: fc.constantFrom(-1, 0, 1),
  timeout: fc.nat(60_000),
  topicData: fc.array(
    fc.record({
      topic: fc.string({ maxLength: 200 }),
      partitions: fc.array(fc.record({ partition: fc.nat(1_000), messages }), { maxLength: 4 }),
    }),
    { maxLength: 3 },
  ),
});

test('the bytes are those that kafkajs makes, whatever the records', async () => {
  await fc.assert(
    fc.asyncProperty(requests, async (request) => {
      expect(encodeProduce(request, NOW).equals(await original(request))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('also where lengths need more bytes: records of a megabyte, ten thousand of them', async () => {
  for (const records of [[Buffer.alloc(1_100_000, 7)], Array.from({ length: 10_000 }, () => Buffer.from('x'))]) {
    const list = records.map((value) => ({ key: null, value }));
    const request = {
      acks: -1,
      timeout: 1,
      topicData: [{ topic: 't', partitions: [{ partition: 0, messages: list }] }],
    };
    expect(encodeProduce(request, NOW).equals(await original(request))).toBe(true);
  }
});

describe('a broker of kafkajs', () => {
  const MARK = 'encoded by kafkajs';

  /** Whether its request was encoded here; what is sent otherwise is what kafkajs chose. */
  async function sent(options: Partial<ProduceOptions>, message: Partial<Message> = {}, apiVersion = 7) {
    encodeProducedAtOnce();
    const told: { encode: () => Promise<unknown> }[] = [];
    const broker = Object.create(Broker.prototype) as Broker;
    broker.lookupRequest = () => () => ({
      request: { apiVersion, encode: () => Promise.resolve(MARK as never) },
      response: {},
    });
    for (const symbol of Object.getOwnPropertySymbols(Broker.prototype))
      Object.defineProperty(broker, symbol, {
        value: ({ request }: { request: { encode: () => Promise<unknown> } }) => {
          told.push(request);
          return Promise.resolve('answer');
        },
      });
    const list = [{ key: 'k', value: Buffer.from('v'), ...message }];
    const topicData = [{ topic: 't', partitions: [{ partition: 0, messages: list }] }];
    const answer = await broker.produce({ topicData, producerId: -1, ...options });
    const encoded = await told[0]?.encode();
    return { answer, byUs: encoded !== MARK, encoded, topicData };
  }

  test('sends what was encoded here, with its own defaults, and hands its answer on', async () => {
    jest.spyOn(Date, 'now').mockReturnValue(NOW);
    const { encoded, topicData, ...result } = await sent({});
    expect(result).toEqual({ answer: 'answer', byUs: true });
    const expected = await original({ acks: -1, timeout: 30_000, topicData });
    expect((encoded as { buffer: Buffer }).buffer.equals(expected)).toBe(true);
  });

  test.each<[string, Partial<ProduceOptions>, Partial<Message>, number]>([
    ['has headers', {}, { headers: { reason: 'x' } }, 7],
    ['has a timestamp', {}, { timestamp: '1' }, 7],
    ['is compressed', { compression: 1 }, {}, 7],
    ['belongs to a transaction', { transactionalId: 'x' }, {}, 7],
    ['is of an idempotent producer', { producerId: 5 }, {}, 7],
    ['goes to an old broker', {}, {}, 2],
  ])('encodes itself what %s', async (_what, options, message, version) => {
    expect(await sent(options, message, version)).toMatchObject({ answer: 'answer', byUs: false });
  });
});
