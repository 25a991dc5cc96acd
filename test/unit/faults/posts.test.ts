import { expect, test } from '@jest/globals';
import type { RecordedRequest } from '../../../deploy/local/receiver/recorded-request.js';
import { respond, type Step } from '../../../deploy/local/receiver/step.js';
import { invalidChunking, manyHeaders, http09 } from '../../../deploy/local/receiver/wire-answers.js';
import { answeredStatus, toPosts } from '../../faults/posts.js';

/** "The status is the verdict": what the judge takes for a success is what our side does. */
function request(step: Step, overrides: Partial<RecordedRequest> = {}): RecordedRequest {
  return {
    endpoint: '/a',
    method: 'POST',
    url: '/a',
    headers: { 'webhook-id': 'msg_1', 'webhook-attempt': '2' },
    rawHeaders: [],
    arrivedAt: 1_000,
    arrivedAtMonotonic: 0,
    connection: 1,
    requestOfConnection: 1,
    step,
    body: Buffer.from('{"event_id":"e1"}'),
    completion: 'answered',
    completedAt: 11_000,
    completedAtMonotonic: 0,
    ...overrides,
  };
}

/** As idle, while the request was on its way. */
const CLOSED_BEFORE: Partial<RecordedRequest> = { completion: 'cut', completedAt: 999 };

const raw = (bytes: Buffer): Step => ({ kind: 'raw', bytes, then: 'close' });

test.each<[string, Step, Partial<RecordedRequest>, number | undefined]>([
  ['an answer', respond(503), {}, 503],
  ['an answer that the client did not wait for', respond(200), { completion: 'abandoned' }, undefined],
  ['a body too large to be read', { kind: 'huge-body', bytes: 1 }, { completion: 'abandoned' }, 200],
  ['headers, then silence', { kind: 'hang', when: 'after-headers' }, { completion: 'abandoned' }, 200],
  ['silence', { kind: 'hang', when: 'before-headers' }, { completion: 'abandoned' }, undefined],
  ['a body that drips', { kind: 'drip-body', everyMs: 9 }, { completion: 'abandoned' }, 200],
  ['a connection closed before it came', { kind: 'drip-body', everyMs: 9 }, CLOSED_BEFORE, undefined],
  ['the same, and an answer too large to be read', { kind: 'huge-body', bytes: 1 }, CLOSED_BEFORE, undefined],
  ['a status line and a broken body', raw(invalidChunking()), { completion: 'cut' }, 200],
  ['more headers than we read', raw(manyHeaders(10_000)), { completion: 'cut' }, undefined],
  ['no status line', raw(http09()), { completion: 'cut' }, undefined],
])('%s', (_, step, overrides, status) => {
  expect(answeredStatus(request(step, overrides))).toBe(status);
});

test('a request becomes a post, with the event of its job where the body was cut off', () => {
  const cut = request(respond(429, { headers: { 'retry-after': '5' } }), { body: Buffer.from('{"ev') });
  expect(toPosts([cut], new Map([['/a', 'wh_a']]), new Map([['msg_1', 'e1']]))).toEqual([
    {
      webhookId: 'wh_a',
      jobId: 'msg_1',
      eventId: 'e1',
      attempt: 2,
      arrivedAt: 1_000,
      completedAt: 11_000,
      status: 429,
      answeredAfterMs: 0,
      asksToWait: true,
    },
  ]);
});

test.each<[string, Step, number]>([
  ['at once', respond(200), 0],
  ['late', respond(200, { delayMs: 150 }), 150],
  ['never', { kind: 'hang', when: 'before-headers', delayMs: 150 }, 0],
])('how long the receiver waited before it answered: %s', (_, step, answeredAfterMs) => {
  expect(toPosts([request(step)], new Map(), new Map())).toEqual([expect.objectContaining({ answeredAfterMs })]);
});
