import { describe, expect, test } from '@jest/globals';
import { scriptOf } from '../../../deploy/local/receiver/demo-behaviour.js';
import type { RecordedRequest } from '../../../deploy/local/receiver/recorded-request.js';
import { RequestLog } from '../../../deploy/local/receiver/request-log.js';
import type { Script } from '../../../deploy/local/receiver/script-cursor.js';
import { ScriptCursor } from '../../../deploy/local/receiver/script-cursor.js';
import type { Step } from '../../../deploy/local/receiver/step.js';

function requestOf(webhookId = 'msg_1', requestOfConnection = 1): RecordedRequest {
  return {
    endpoint: '/a',
    method: 'POST',
    url: '/a',
    headers: { 'webhook-id': webhookId },
    rawHeaders: ['webhook-id', webhookId],
    arrivedAt: 0,
    arrivedAtMonotonic: 0,
    connection: 1,
    requestOfConnection,
    step: { kind: 'respond', status: 200 },
    body: Buffer.alloc(0),
    completion: 'pending',
    completedAt: undefined,
    completedAtMonotonic: undefined,
  };
}

function play(script: Script, requests: readonly RecordedRequest[]): (number | string)[] {
  const cursor = new ScriptCursor(script);
  const short = (step: Step): number | string => (step.kind === 'respond' ? step.status : step.kind);
  return requests.map((request) => short(cursor.next(request)));
}

describe('the script of an endpoint', () => {
  test('a list is consumed one step per request, whoever sends it, and its last step repeats', () => {
    const requests = [requestOf('x'), requestOf('y'), requestOf('x'), requestOf('z')];
    expect(play([500, { kind: 'hang', when: 'before-headers' }, 200], requests)).toEqual([500, 'hang', 200, 200]);
  });

  test('perEvent keeps a list for each webhook-id, so that each event fails twice and then succeeds', () => {
    const requests = ['x', 'y', 'x', 'x', 'y', 'y', 'x'].map((id) => requestOf(id));
    expect(play({ perEvent: [500, 503, 200] }, requests)).toEqual([500, 500, 503, 200, 503, 200, 200]);
  });

  test('a function decides by what it sees of the request and by how many came before', () => {
    const script: Script = (request, before) =>
      request.requestOfConnection > 1 ? { kind: 'close' } : before === 0 ? 202 : 200;
    expect(play(script, [requestOf('x', 1), requestOf('x', 2), requestOf('x', 1)])).toEqual([202, 'close', 200]);
  });

  test.each<[string, Script]>([
    ['an empty list', []],
    ['an empty list per event', { perEvent: [] }],
  ])('%s is refused', (_name, script) => {
    expect(() => new ScriptCursor(script)).toThrow(RangeError);
  });
});

describe('the endpoints of the demo', () => {
  const attempts = (first: number, last: number, attempt: string): RecordedRequest[] =>
    Array.from({ length: last - first + 1 }, (_, index) => ({
      ...requestOf(`msg_${first + index}`),
      headers: { 'webhook-id': `msg_${first + index}`, 'webhook-attempt': attempt },
    }));

  test('flaky refuses the first attempt of every tenth event, and accepts what follows', () => {
    const statuses = play(scriptOf('flaky', 0), [...attempts(1, 30, '1'), ...attempts(10, 10, '2')]);
    expect(statuses.flatMap((status, index) => (status === 503 ? [index + 1] : []))).toEqual([10, 20, 30]);
    expect(statuses).toHaveLength(31);
  });

  test.each([
    ['healthy', [200, 200]],
    ['slow', [200, 200]],
    ['failing', [500, 500]],
  ] as const)('%s answers %j', (behaviour, statuses) => {
    expect(play(scriptOf(behaviour, 300), attempts(1, 2, '1'))).toEqual(statuses);
  });
});

describe('the log of requests', () => {
  test('forgets what was released, and counts on', () => {
    const log = new RequestLog();
    for (const id of ['a', 'b', 'c']) log.add(requestOf(id));
    const idsSince = (index: number): unknown[] => log.since(index).map(({ headers }) => headers['webhook-id']);
    expect(idsSince(1)).toEqual(['b', 'c']);
    log.release(2);
    log.add(requestOf('d'));
    expect([idsSince(2), idsSince(3), idsSince(0), idsSince(9)]).toEqual([['c', 'd'], ['d'], ['c', 'd'], []]);
    log.release(1);
    log.release(9);
    expect(log.requests).toEqual([]);
  });
});

describe('waiting for facts', () => {
  test('resolves at once when the predicate holds already', async () => {
    const log = new RequestLog();
    log.add(requestOf());
    await expect(log.waitFor((requests) => requests.length === 1, 10_000)).resolves.toHaveLength(1);
  });

  test('looks when something happened, once per turn of the event loop', async () => {
    const log = new RequestLog();
    let looks = 0;
    const waiting = log.waitFor((requests) => {
      looks += 1;
      return requests.length === 100;
    }, 1_000);
    for (let count = 0; count < 100; count += 1) log.add(requestOf());
    await waiting;
    expect(looks).toBe(2);
  });

  test('rejects when the time is up, telling what was recorded', async () => {
    const log = new RequestLog();
    log.add(requestOf());
    await expect(log.waitFor(() => false, 10)).rejects.toThrow(
      'waited 10 ms in vain; requests recorded: 1 (/a pending 1)',
    );
  });

  test('rejects with what the predicate throws', async () => {
    const log = new RequestLog();
    const waiting = log.waitFor((requests) => {
      if (requests.length > 0) throw new Error('more than one attempt');
      return false;
    }, 1_000);
    log.add(requestOf());
    await expect(waiting).rejects.toThrow('more than one attempt');
  });
});
