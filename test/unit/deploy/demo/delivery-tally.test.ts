import { beforeEach, describe, expect, test } from '@jest/globals';
import { DEMO_WEBHOOKS } from '../../../../deploy/local/demo/demo-webhooks.js';
import { DeliveryTally } from '../../../../deploy/local/demo/delivery-tally.js';
import { demoResult } from '../../../../deploy/local/demo/demo-result.js';
import { renderLine, renderTable } from '../../../../deploy/local/demo/live-view.js';
import type { LogLine } from '../../../../deploy/local/receiver/log-line.js';
import type { ProducedEvent } from '../../../../deploy/local/simulator/produce.js';
import { AT, producedEvent, requestOf } from '../../../support/demo-requests.js';

const EVERYTHING = '/co_aurora/everything';
const FAILING = '/co_cumulus/failing';
const FLAKY = '/co_borealis/flaky';
const OTHERS = new Set([EVERYTHING, FAILING, FLAKY, '/co_cumulus/disabled']);

/** Only webhooks without authentication, so that the requests of these tests are simple. */
const WEBHOOKS = DEMO_WEBHOOKS.filter(({ companyId, name }) => OTHERS.has(`/${companyId}/${name}`));

let tally: DeliveryTally;
beforeEach(() => {
  tally = new DeliveryTally(WEBHOOKS);
});

function produce(...events: ProducedEvent[]): void {
  tally.addProduced(events);
}

function receive(...lines: LogLine[]): void {
  tally.addReceived(lines, AT + 100);
}

const call = producedEvent('evt_call', 'co_aurora', 'call.end');
const summary = producedEvent('evt_summary', 'co_cumulus', 'call.summary');
const answered = producedEvent('evt_answered', 'co_borealis', 'call.answered');
const refused = (status: number, attempt: number, event = summary, path = FAILING): LogLine =>
  requestOf(event, path, { status }, attempt);

describe('what is owed', () => {
  test('is one delivery to each active webhook of the company that subscribed to the type', () => {
    produce(call, summary, producedEvent('evt_2', 'co_cumulus', 'call.end'));
    expect(tally.webhooks.map(({ path, expected }) => [path, expected])).toEqual([
      [EVERYTHING, 1],
      [FLAKY, 0],
      [FAILING, 1],
      ['/co_cumulus/disabled', 0],
    ]);
    expect([tally.produced, tally.open]).toEqual([3, 2]);
  });

  test('is nothing for an event that Kafka did not acknowledge', () => {
    produce({ ...call, acked: false });
    expect([tally.produced, tally.open]).toEqual([0, 0]);
  });
});

describe('a delivery', () => {
  test('ends when the endpoint accepted it', () => {
    produce(call);
    receive(requestOf(call, EVERYTHING));
    expect(demoResult(tally, 0, 900)).toEqual({
      ok: true,
      ...{ produced: 1, expected: 1, delivered: 1, exhausted: 0, held: 0, lost: 0, duplicates: 0 },
      ...{ unexpected: 0, wrong: 0, retried: 0, failedAttempts: 0, p50Ms: 5, p99Ms: 5, seconds: 0, memoryMiB: 900 },
    });
  });

  test('is found although its request is read before its event is reported', () => {
    receive(requestOf(call, EVERYTHING));
    produce(call);
    receive();
    expect(demoResult(tally, 0, 0)).toMatchObject({ ok: true, delivered: 1, unexpected: 0 });
  });

  test('may be accepted at a later attempt; its latency is that of the first', () => {
    produce(answered);
    receive(refused(503, 1, answered, FLAKY), requestOf(answered, FLAKY, { arrivedAt: AT + 3_010 }, 2));
    expect(demoResult(tally, 0, 0)).toMatchObject({ ok: true, delivered: 1, retried: 1, failedAttempts: 1 });
    expect(tally.webhooks.find(({ path }) => path === FLAKY)?.latencies).toEqual([5]);
  });

  test('to an endpoint that always fails ends with the third attempt', () => {
    produce(summary);
    receive(refused(500, 1), refused(500, 2));
    expect(tally.open).toBe(1);
    receive(refused(500, 3));
    const result = { ok: true, delivered: 0, exhausted: 1, lost: 0, retried: 2, failedAttempts: 3 };
    expect(demoResult(tally, 0, 0)).toMatchObject(result);
  });

  test('that does not end is lost, unless it is held', () => {
    produce(call, summary);
    receive(requestOf(call, EVERYTHING), refused(500, 1));
    expect(demoResult(tally, 0, 0)).toMatchObject({ ok: false, lost: 1, held: 0 });
    expect(demoResult(tally, 1, 0)).toMatchObject({ ok: true, lost: 0, held: 1 });
  });
});

describe('what is not in order', () => {
  test('a request that comes once more is a duplicate, and not a fault', () => {
    produce(call);
    receive(requestOf(call, EVERYTHING), requestOf(call, EVERYTHING));
    expect(demoResult(tally, 0, 0)).toMatchObject({ ok: true, delivered: 1, duplicates: 1 });
  });

  test('a fourth attempt is wrong', () => {
    produce(summary);
    receive(refused(500, 1), refused(500, 2), refused(500, 3), refused(500, 4));
    expect(demoResult(tally, 0, 0)).toMatchObject({ ok: false, wrong: 1, exhausted: 1 });
    expect(tally.faults).toEqual(['/co_cumulus/failing evt_summary: webhook-attempt is 4']);
  });

  test('an attempt before its turn is wrong', () => {
    produce(summary);
    receive(refused(500, 2));
    expect(tally.wrong).toBe(1);
  });

  test('a webhook-id that changes from attempt to attempt is wrong', () => {
    produce(summary);
    receive(refused(500, 1), requestOf(summary, FAILING, { status: 500, headers: { 'webhook-id': 'msg_new' } }, 2));
    expect(tally.faults).toEqual(['/co_cumulus/failing evt_summary: webhook-id differs between attempts']);
  });

  test('all attempts refused by an endpoint that accepts in the end is not all well', () => {
    produce(call);
    receive(...[1, 2, 3].map((attempt) => refused(500, attempt, call, EVERYTHING)));
    expect(demoResult(tally, 0, 0)).toMatchObject({ ok: false, exhausted: 1, lost: 0 });
  });

  test.each([
    ['a disabled webhook', requestOf(summary, '/co_cumulus/disabled')],
    ['another company', requestOf(summary, EVERYTHING)],
    ['an event that nobody produced', requestOf(producedEvent('evt_x', 'co_aurora', 'call.end'), EVERYTHING)],
    ['a body that is no JSON', requestOf(call, EVERYTHING, { body: 'bm8=' })],
  ])('a request to %s is unexpected', (_name, line) => {
    produce(call, summary);
    receive(line);
    tally.addReceived([], Number.POSITIVE_INFINITY);
    expect(demoResult(tally, 2, 0)).toMatchObject({ ok: false, unexpected: 1 });
  });
});

test('the view shows the counts of each webhook and, in one line, of all', () => {
  produce(call, summary);
  receive(requestOf(call, EVERYTHING), refused(500, 1));
  const states = new Map([[FAILING, { status: 'failed', held: 4 }]]);
  const facts = { seconds: 12.3, memoryMiB: 900, states };
  expect(renderTable(tally, facts).join('\n')).toMatchInlineSnapshot(`
   "12 s: 2 events produced; memory 900 MiB; Ctrl-C stops

   webhook                endpoint  authentication  status  owed  delivered  retried  failed  held   p50   p99
   /co_aurora/everything  healthy   none                       1          1        0       0     0  5 ms  5 ms
   /co_borealis/flaky     flaky     none                       0          0        0       0     0            
   /co_cumulus/failing    failing   none            failed     1          0        0       1     4  5 ms  5 ms
   /co_cumulus/disabled   healthy   none                       0          0        0       0     0            "
  `);
  expect(renderLine(tally, facts)).toMatchInlineSnapshot(
    `"12 s: 2 events produced; memory 900 MiB; delivered 1 of 2, retried 0, failed 1, held 4, p50 5 ms, p99 5 ms"`,
  );
});
