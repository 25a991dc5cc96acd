import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readBenchArguments, FULL_IDS } from '../../bench/engine/bench-arguments.js';
import { cpuPerUnit, cpuTimes, sumOf } from '../../bench/engine/cpu.js';
import { RequestReader } from '../../bench/engine/request-reader.js';
import { BODY_BYTES, sampleEvent, sampleJob } from '../../bench/engine/samples.js';
import { eventIdOf, producedAtUsOf, SinkNotebook } from '../../bench/engine/sink-notebook.js';
import { listeningInodes } from '../../bench/shared/listening-pid.js';

const AT_US = 1_795_551_847_960_986;

describe('arguments', () => {
  test('without any, all scenarios run in full', () => {
    expect(readBenchArguments([])).toEqual({ quick: false, json: false, profile: undefined, only: FULL_IDS });
    expect(readBenchArguments(['--quick']).only).toEqual(['a', 'b', 'c']);
  });

  test('scenarios are picked by their letters', () => {
    expect(readBenchArguments(['--quick', '--json', '--only', 'c,a'])).toMatchObject({
      quick: true,
      json: true,
      only: ['c', 'a'],
    });
  });

  test.each([[['--only', 'a,z']], [['--fast']], [['a']]])('%j is refused', (args) => {
    expect(() => readBenchArguments(args)).toThrow();
  });
});

test('the sink finds every request with its body, however the bytes are cut', () => {
  const bodies = ['', 'x', '{"a":1}\r\n\r\n', 'y'.repeat(300)];
  const bytes = Buffer.from(
    bodies.map((body) => `POST /ok HTTP/1.1\r\nhost: a\r\ncontent-length: ${body.length}\r\n\r\n${body}`).join(''),
  );
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: bytes.length })), (cuts) => {
      const seen: string[] = [];
      const reader = new RequestReader(({ body }) => void seen.push(body.toString()));
      const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      edges.slice(1).forEach((to, index) => reader.take(bytes.subarray(edges[index], to)));
      expect(seen).toEqual(bodies);
    }),
  );
});

describe('samples', () => {
  test.each([0, 1, 123_456_789])('body number %d has the promised size and its id', (number) => {
    const { body, eventId } = sampleJob({ companyId: 'co_1', webhookId: 'wh_1' }, number, AT_US);
    expect(body.byteLength).toBe(BODY_BYTES);
    expect(JSON.parse(body.toString())).toMatchObject({ event_id: eventId, company_id: 'co_1' });
    expect(producedAtUsOf(eventId)).toBe(AT_US);
  });

  test('an event and its job are of the same call', () => {
    const event = sampleEvent('co_1', 7, AT_US);
    expect(sampleJob({ companyId: 'co_1', webhookId: 'wh_1' }, 7, AT_US).conversationId).toBe(event.data['call_id']);
  });
});

describe('what the sink notes', () => {
  const requestOf = (number: number) => ({
    head: Buffer.alloc(0),
    body: Buffer.from(`{"event_id":"${eventIdOf(AT_US, number)}","x":1}`),
  });

  test('latency is from production to arrival; an event that comes twice is one event', () => {
    const notebook = new SinkNotebook();
    notebook.begin(true);
    notebook.note('ok', requestOf(1), AT_US + 2_500, true);
    notebook.note('ok', requestOf(1), AT_US + 4_000, true);
    expect(notebook.read()).toMatchObject({ ok: [2.5], events: 1, lastNewAtMs: (AT_US + 2_500) / 1_000 });
  });

  test('an event of the warm-up that comes late is not noted', () => {
    const notebook = new SinkNotebook();
    notebook.begin(true, AT_US + 1);
    notebook.note('ok', requestOf(1), AT_US + 2_500, true);
    expect(notebook.read()).toMatchObject({ ok: [], events: 0 });
  });

  test('an event that was refused has not arrived', () => {
    const notebook = new SinkNotebook();
    notebook.begin(true);
    notebook.note('sick', requestOf(1), AT_US, false);
    expect(notebook.read()).toMatchObject({ sick: [0], events: 0 });
  });

  test('on /flaky the first attempt fails and the second one is timed from it', () => {
    const notebook = new SinkNotebook();
    notebook.begin(true);
    expect(notebook.noteFlaky(requestOf(1), AT_US)).toBe(true);
    expect(notebook.noteFlaky(requestOf(2), AT_US)).toBe(true);
    expect(notebook.noteFlaky(requestOf(1), AT_US + 3_050_000)).toBe(false);
    expect(notebook.read()).toMatchObject({ retried: [3_050], events: 1 });
  });

  test('on /flaky an event that comes again after its retry is no other one', () => {
    const notebook = new SinkNotebook();
    notebook.begin(true);
    for (const ms of [0, 3_050, 4_000, 7_000]) notebook.noteFlaky(requestOf(1), AT_US + ms * 1_000);
    expect(notebook.read()).toMatchObject({ retried: [3_050], events: 1 });
  });
});

test('CPU is told per unit, by process, and added up', () => {
  const perUnit = cpuPerUnit(
    new Map([['a', 1_000]]),
    new Map([
      ['a', 1_500],
      ['b', 100],
    ]),
    1_000,
  );
  expect(perUnit).toEqual(
    new Map([
      ['a', 500],
      ['b', 100],
    ]),
  );
  expect(sumOf(perUnit, ['a', 'b', 'absent'])).toBe(600);
});

test('CPU of a server that cannot be watched is unknown, and so is a sum with it', async () => {
  const none = new Map([['kafka', 0]]);
  const times = await cpuTimes(
    new Map([
      ['kafka', []],
      ['bare', [process.pid]],
    ]),
  );
  expect(times.get('bare')).toBeGreaterThan(0);
  expect(sumOf(cpuPerUnit(none, times, 1), ['bare', 'kafka'])).toBeNaN();
});

test('only sockets that listen on the port are found, not connections to it', () => {
  const line = (local: string, state: string, inode: number) =>
    `   0: 0100007F:${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  0        0 ${inode} 1 0000 100 0 0 10 0`;
  const text = [
    '  sl  local_address rem_address   st …',
    line('1F90', '0A', 11),
    line('1F90', '01', 12),
    line('1F91', '0A', 13),
  ];
  expect(listeningInodes(text.join('\n'), 8_080)).toEqual(['11']);
});
