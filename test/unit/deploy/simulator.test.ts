import { describe, expect, test } from '@jest/globals';
import { simulateEvents } from '../../../deploy/local/simulator/life-cycles.js';
import { Pace } from '../../../deploy/local/simulator/pace.js';
import { pipelineSettings } from '../../../deploy/local/simulator/pipeline-settings.js';
import { produceEvents, type ProducedEvent } from '../../../deploy/local/simulator/produce.js';
import { readSimulatorArguments } from '../../../deploy/local/simulator/simulator-arguments.js';

function events(count: number) {
  return simulateEvents({ seed: 1, companies: ['co_a'], events: count, startAt: 0 });
}

describe('the pace', () => {
  test('makes the n-th event due n / rate after the start', () => {
    const pace = new Pace({ rate: 200, startedAt: 1_000 });
    expect([1_000, 1_004, 1_005, 1_009, 1_010].map((now) => pace.take(now))).toEqual([1, 0, 1, 0, 1]);
  });

  test('does not drift when it is asked late, and tells when the next event is due', () => {
    const pace = new Pace({ rate: 200, startedAt: 0 });
    expect([pace.take(3), pace.waitMs(3)]).toEqual([1, 2]);
    expect([pace.take(7), pace.waitMs(7)]).toEqual([1, 3]);
    expect([pace.take(10), pace.waitMs(10)]).toEqual([1, 5]);
  });

  test('makes up for a pause in bounded bursts', () => {
    const pace = new Pace({ rate: 200, startedAt: 0, burst: 20 });
    pace.take(0);
    const bursts = [1_000, 1_000, 1_000].map((now) => pace.take(now));
    expect(bursts).toEqual([20, 20, 20]);
    expect(pace.waitMs(1_000)).toBe(0);
    let taken = 61;
    for (let now = 1_000; now <= 2_000; now += 5) taken += pace.take(now);
    expect(taken).toBe(401);
  });

  test.each([0.5, 1, 333, 2_000, 50_000])('keeps %d events a second over ten seconds', (rate) => {
    const pace = new Pace({ rate, startedAt: 0 });
    let taken = 0;
    for (let now = 0; now < 10_000; now += 1) taken += pace.take(now);
    expect(Math.abs(taken - rate * 10)).toBeLessThanOrEqual(1 + rate / 1_000);
  });
});

describe('producing', () => {
  test('sends every event once, in order, one batch at a time, at about the rate', async () => {
    const [sent, known]: [string[], ProducedEvent[]] = [[], []];
    let onItsWay = 0;
    const send = async (batch: readonly { eventId: string }[]): Promise<void> => {
      onItsWay += 1;
      expect(onItsWay).toBe(1);
      sent.push(...batch.map(({ eventId }) => eventId));
      await new Promise((resolve) => setTimeout(resolve, 3));
      onItsWay -= 1;
    };
    const onProduced = (batch: readonly ProducedEvent[]): void => void known.push(...batch);
    const result = await produceEvents({ pipelines: { send }, events: events(300), rate: 1_000, onProduced });
    const ids = [...events(300)].map(({ eventId }) => eventId);
    expect(sent).toEqual(ids);
    expect(known.map(({ eventId }) => eventId)).toEqual(ids);
    expect(known.every(({ acked }) => acked)).toBe(true);
    expect(result).toMatchObject({ produced: 300, acked: 300, lastError: null });
    expect(result.seconds).toBeGreaterThanOrEqual(0.298);
  });

  test('tells which events were not acknowledged, and goes on', async () => {
    let batches = 0;
    const send = (): Promise<void> =>
      (batches += 1) === 2 ? Promise.reject(new Error('the broker is away')) : Promise.resolve();
    const known: ProducedEvent[] = [];
    const onProduced = (batch: readonly ProducedEvent[]): void => void known.push(...batch);
    const result = await produceEvents({ pipelines: { send }, events: events(20), rate: 500, onProduced });
    expect(result).toMatchObject({ produced: 20, lastError: 'the broker is away' });
    expect(result.acked).toBe(known.filter(({ acked }) => acked).length);
    expect(result.acked).toBeLessThan(20);
  });

  test('ends after the batch that is on its way when it is interrupted', async () => {
    const interruption = new AbortController();
    const send = (): Promise<void> => Promise.resolve(interruption.abort());
    const result = await produceEvents({
      pipelines: { send },
      events: events(1_000),
      rate: 100,
      signal: interruption.signal,
    });
    expect(result.produced).toBeLessThan(20);
    expect(result.acked).toBe(result.produced);
  });
});

describe('the command line', () => {
  test('has a default for everything', () => {
    expect(readSimulatorArguments([])).toEqual({
      rate: 200,
      events: 2_000,
      seed: 1,
      companies: ['co_demo'],
      compression: 'none',
    });
  });

  test('takes rate, events, seed, companies and compression', () => {
    const line = '--rate 50 --events=10 --seed 7 --companies co_a,co_b --compression gzip';
    expect(readSimulatorArguments(line.split(' '))).toEqual({
      rate: 50,
      events: 10,
      seed: 7,
      companies: ['co_a', 'co_b'],
      compression: 'gzip',
    });
  });

  test.each([
    ['--rate 0', '--rate "0": a whole number of at least 1 is needed'],
    ['--events many', '--events "many": a whole number'],
    ['--seed=-1', '--seed "-1": a whole number of at least 0'],
    ['--companies a,,b', 'a company id is empty'],
    ['--compression zstd', '--compression zstd: choose none or gzip'],
    ['--speed 1', "Unknown option '--speed'"],
    ['now', "Unexpected argument 'now'"],
  ])('%s is refused with a sentence', (line, sentence) => {
    expect(() => readSimulatorArguments(line.split(' '))).toThrow(sentence);
  });
});

test('addresses and topics come from the environment, with the defaults of the services', () => {
  expect(pipelineSettings({})).toEqual({
    brokers: ['localhost:9092'],
    topics: { 'call-event': 'calls.events', 'whatsapp-event': 'whatsapp.events' },
    registryUrl: 'http://localhost:8081',
  });
  const env = {
    KAFKA_BROKERS: 'a:1, b:2',
    KAFKA_PREFIX: 'x.',
    TOPIC_CALL_EVENTS: 'calls',
    SCHEMA_REGISTRY_URL: 'http://r',
  };
  expect(pipelineSettings(env)).toEqual({
    brokers: ['a:1', 'b:2'],
    topics: { 'call-event': 'x.calls', 'whatsapp-event': 'x.whatsapp.events' },
    registryUrl: 'http://r',
  });
});
