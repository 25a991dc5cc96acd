import { describe, expect, test } from '@jest/globals';
import { compileAttemptPolicy, compileFailedPolicy } from '../../services/shared/core/attempt-policy.js';
import { countsAsFailure, decideNext, whileFailed } from '../../services/shared/core/decision.js';
import { attemptIdOf } from '../../services/shared/core/job.js';
import { failureEntry } from '../../services/shared/core/failure-entry.js';
import { classify, statusClassOf, type Outcome, type SendFailureKind } from '../../services/shared/core/outcome.js';
import { buildRequest, compileEndpoint } from '../../services/shared/core/request.js';
import { answerOf, ATTEMPTS, FAILED, jobOf, noAnswerOf, NOW, webhookOf } from '../support/samples.js';

/**
 * Chapter 3: what counts as success, and what follows.
 *
 * "Success is a 2xx within the time-out. A redirect is a failure, never followed." "3 attempts per event: 1 original +
 * 2 retries, 3 s apart. Both are settings." "Faults of our own (database away, shutdown) never count against a
 * customer." "Every failed attempt is logged with the request (secrets masked), the response status, headers and the
 * first 16 KiB of the body, the cause in plain words, the duration, the attempt number and what follows."
 */
type Failed = Extract<Outcome, { kind: 'failed' }>;

describe('an answer', () => {
  test.each([200, 201, 202, 204, 226, 299])('%i is a success', (status) => {
    expect(classify(answerOf(status)).kind).toBe('delivered');
  });

  test.each([
    [300, 'redirect', '3xx'],
    [301, 'redirect', '3xx'],
    [302, 'redirect', '3xx'],
    [304, 'redirect', '3xx'],
    [307, 'redirect', '3xx'],
    [308, 'redirect', '3xx'],
    [400, 'client-error', '4xx'],
    [401, 'client-error', '4xx'],
    [404, 'client-error', '4xx'],
    [410, 'client-error', '4xx'],
    [429, 'client-error', '4xx'],
    [499, 'client-error', '4xx'],
    [500, 'server-error', '5xx'],
    [503, 'server-error', '5xx'],
    [599, 'server-error', '5xx'],
    [600, 'server-error', '5xx'],
    [999, 'server-error', '5xx'],
    [101, 'informational', '1xx'],
  ])('%i is a failure: %s, class %s', (status, cause, statusClass) => {
    const outcome = classify(answerOf(status)) as Failed;
    expect([outcome.kind, outcome.cause.kind, statusClassOf(outcome.answer)]).toEqual(['failed', cause, statusClass]);
    expect(outcome.cause.text).toContain(String(status));
  });

  test('a redirect says that it was not followed', () => {
    expect((classify(answerOf(302)) as Failed).cause.text).toContain('Redirects are not followed');
  });
});

describe('no answer', () => {
  test.each<[SendFailureKind, RegExp]>([
    ['dns', /could not be resolved \(ENOTFOUND\)/],
    ['refused', /refused/],
    ['unreachable', /could not be reached/],
    ['reset', /closed the connection/],
    ['tls', /secure connection could not be made/],
    ['connect-timeout', /could not be opened in time/],
    ['timeout', /did not answer in time/],
    ['protocol', /not valid HTTP/],
    ['blocked-address', /webhooks may not reach/],
    ['invalid-request', /the webhook's own settings/],
  ])('%s is a failure, told in plain words', (failure, words) => {
    const outcome = classify(noAnswerOf(failure, 'ENOTFOUND')) as Failed;
    expect([outcome.kind, outcome.cause.kind, statusClassOf(outcome.answer)]).toEqual(['failed', failure, 'none']);
    expect(outcome.cause.text).toMatch(words);
  });

  test('a refused setting is told in one sentence with one full stop', () => {
    const { text } = (classify(noAnswerOf('invalid-request', 'The URL must begin with https://.')) as Failed).cause;
    expect(text).toMatch(/https:\/\/\.$/);
  });

  test('a fault of our own is no outcome of the endpoint: the attempt was not made', () => {
    expect(classify(noAnswerOf('own', 'EMFILE'))).toEqual({ kind: 'unmade', detail: 'EMFILE' });
  });
});

describe('three attempts, 3 s apart', () => {
  const failed = classify(answerOf(500)) as Failed;

  test.each([
    [1, { kind: 'retry', next: { ...jobOf(), attempt: 2, notBefore: NOW + 3_000 } }],
    [2, { kind: 'retry', next: { ...jobOf(), attempt: 3, notBefore: NOW + 3_000 } }],
    [3, { kind: 'exhausted' }],
    [4, { kind: 'exhausted' }],
  ] as const)('attempt %i fails at NOW: %j', (attempt, decision) => {
    expect(decideNext(jobOf({ attempt }), failed, ATTEMPTS, NOW, false)).toEqual(decision);
  });

  test('number and pause are settings', () => {
    const policy = compileAttemptPolicy({ ...ATTEMPTS, attempts: 5, retryDelayMs: 60_000, timeoutMs: 1_000 });
    const decisions = [1, 2, 3, 4, 5].map((attempt) => decideNext(jobOf({ attempt }), failed, policy, NOW, false).kind);
    expect(decisions).toEqual(['retry', 'retry', 'retry', 'retry', 'exhausted']);
    expect(decideNext(jobOf(), failed, policy, NOW, false)).toMatchObject({ next: { notBefore: NOW + 60_000 } });
  });

  test('one attempt means no retry', () => {
    expect(decideNext(jobOf(), failed, { ...ATTEMPTS, attempts: 1 }, NOW, false)).toEqual({ kind: 'exhausted' });
  });

  test.each([
    'attempts',
    'retryDelayMs',
    'timeoutMs',
    'maxRetryAfterMs',
    'postponeWithinMs',
    'postponeHeldWithinMs',
  ] as const)('%s that make no sense are refused by name', (field) => {
    for (const value of [0, -1, 1.5, Number.NaN, Infinity])
      expect(() => compileAttemptPolicy({ ...ATTEMPTS, [field]: value })).toThrow(field);
  });

  test.each(['threshold', 'windowMs'] as const)('%s that make no sense are refused by name', (field) => {
    for (const value of [0, -1, 1.5, Number.NaN, Infinity])
      expect(() => compileFailedPolicy({ ...FAILED, [field]: value })).toThrow(field);
  });

  test('a compiled policy can’t be changed any more', () => {
    const policy = compileAttemptPolicy(ATTEMPTS) as { attempts: number };
    expect(() => (policy.attempts = 99)).toThrow(TypeError);
  });
});

describe('an endpoint that asks to wait (429 or 503 with Retry-After)', () => {
  const asking = (retryAfter: string, status = 429): Failed =>
    classify(answerOf(status, { headers: { 'retry-after': retryAfter } })) as Failed;
  /** How much later the same attempt is made; undefined when the answer is a failure like any other. */
  const waitOf = (outcome: Failed, job = jobOf()): number | undefined => {
    const decision = decideNext(job, outcome, ATTEMPTS, NOW, false);
    return decision.kind === 'postponed' ? decision.next.notBefore - NOW : undefined;
  };

  test.each([
    ['seconds', '30', 30_000],
    ['with blanks around', ' 30 ', 30_000],
    ['an HTTP date', new Date(NOW + 45_000).toUTCString(), 45_000],
    ['an RFC 850 date', 'Tuesday, 24-Nov-26 04:01:00 GMT', 60_000],
    ['an asctime date', 'Tue Nov 24 04:01:00 2026', 60_000],
    ['less than a retry waits: as long as a retry', '1', 3_000],
    ['more than the bound: the bound', '1000000', 900_000],
    ['a billion seconds: the bound', '999999999', 900_000],
  ])('%s (%s)', (_what, retryAfter, waitMs) => {
    expect([waitOf(asking(retryAfter)), waitOf(asking(retryAfter, 503))]).toEqual([waitMs, waitMs]);
  });

  test.each([
    ['nothing', ''],
    ['zero', '0'],
    ['a negative number', '-5'],
    ['a fraction', '1.5'],
    ['a number of many digits', '1'.repeat(50)],
    ['words', 'soon'],
    ['a date in another form', '2026-11-24T05:00:00Z'],
    ['a date that there isn’t', 'Tue, 99 Nov 2026 04:01:00 GMT'],
    ['a date in the past', new Date(NOW - 1_000).toUTCString()],
    ['two of them', '30, 60'],
    ['hexadecimal', '0x10'],
  ])('garbage is ignored: %s (%s)', (_what, retryAfter) => {
    expect(decideNext(jobOf(), asking(retryAfter), ATTEMPTS, NOW, false).kind).toBe('retry');
  });

  test.each([400, 500, 502, 504])('with another status (%i) the header means nothing', (status) => {
    expect(waitOf(asking('30', status))).toBeUndefined();
  });

  test('uses up no attempt: the same number again, under an id of its own for the log, and it doesn’t count', () => {
    const job = jobOf({ attempt: 3, postponed: 1 });
    const decision = decideNext(job, asking('30'), ATTEMPTS, NOW, false);
    expect(decision).toEqual({
      kind: 'postponed',
      next: { ...job, postponed: 2, notBefore: NOW + 30_000 },
      held: false,
    });
    expect(countsAsFailure(decision)).toBe(false);
    expect([attemptIdOf(jobOf({ jobId: 'm' })), attemptIdOf(jobOf({ jobId: 'm', postponed: 2 }))]).toEqual([
      'm:1',
      'm:1+2',
    ]);
  });

  test('can’t go on for ever: an hour after the event it is a failed attempt like any other', () => {
    const job = jobOf({ receivedAt: NOW - 3_600_000 });
    expect(waitOf(asking('30'), job)).toBe(30_000);
    expect(decideNext({ ...job, receivedAt: job.receivedAt - 1 }, asking('30'), ATTEMPTS, NOW, false).kind).toBe(
      'retry',
    );
  });

  test('an event that was held waits among what is held, as long as events are held', () => {
    const job = jobOf({ receivedAt: NOW - ATTEMPTS.postponeHeldWithinMs });
    const next = { ...job, postponed: 1, notBefore: NOW + 30_000 };
    expect(decideNext(job, asking('30'), ATTEMPTS, NOW, true)).toEqual({ kind: 'postponed', next, held: true });
    const older = { ...job, receivedAt: job.receivedAt - 1 };
    expect(decideNext(older, asking('30'), ATTEMPTS, NOW, true).kind).toBe('retry');
  });

  test('the attempt after it is counted anew', () => {
    const failed = classify(answerOf(500)) as Failed;
    expect(decideNext(jobOf({ postponed: 4 }), failed, ATTEMPTS, NOW, false)).toMatchObject({
      next: { attempt: 2, postponed: 0 },
    });
  });
});

describe('an endpoint that answers 410 Gone', () => {
  const gone = classify(answerOf(410)) as Failed;

  test.each([1, 2, 3])('at attempt %i wants no more: nothing is attempted again, nothing counts', (attempt) => {
    const decision = decideNext(jobOf({ attempt }), gone, ATTEMPTS, NOW, false);
    expect([decision, countsAsFailure(decision), whileFailed(decision)]).toEqual([
      { kind: 'gone' },
      false,
      { kind: 'gone' },
    ]);
  });

  test('is told of in words', () => {
    expect(gone.cause).toMatchObject({ kind: 'client-error', text: expect.stringContaining('410 Gone') });
  });
});

describe('while the webhook is Failed', () => {
  test('what would be tried again is held, without a pause of its own', () => {
    const planned = decideNext(jobOf(), classify(answerOf(500)) as Failed, ATTEMPTS, NOW, false);
    expect(whileFailed(planned)).toEqual({ kind: 'held', next: { ...jobOf(), attempt: 2, notBefore: 0 } });
    expect(whileFailed({ kind: 'exhausted' })).toEqual({ kind: 'exhausted' });
    const next = jobOf({ postponed: 1, notBefore: NOW + 30_000 });
    expect(whileFailed({ kind: 'postponed', next, held: true })).toEqual({
      kind: 'held',
      next: { ...next, notBefore: 0 },
    });
  });
});

describe('every failed attempt is logged', () => {
  const webhook = webhookOf({
    url: 'https://hooks.example/in?tenant=canary',
    authentication: { kind: 'api-key', placement: 'query', name: 'apikey', value: 'canary' },
    headers: [{ name: 'X-Own', value: 'canary' }],
  });
  const endpoint = compileEndpoint(webhook, 'webhook-v2/0.1.0');
  const job = jobOf({ attempt: 2 });
  const answer = answerOf(503, { headers: { 'retry-after': '5' }, body: 'busy', bodyTruncated: true });
  const entryOf = (decision: Parameters<typeof failureEntry>[4], result = answer) => {
    if (endpoint.kind === 'refused') throw new Error(endpoint.fault);
    const request = buildRequest(job, endpoint, NOW);
    return failureEntry(job, request, endpoint.secretHeaders, classify(result) as Failed, decision, NOW);
  };

  test('with ids, attempt, instant, duration, response, cause and what follows', () => {
    expect(entryOf({ kind: 'retry', next: jobOf({ attempt: 3, notBefore: NOW + 3_000 }) })).toMatchObject({
      attemptId: `${job.jobId}:2`,
      jobId: job.jobId,
      webhookId: 'wh_1',
      companyId: 'company_1',
      eventId: 'evt_1',
      eventType: 'call.initiated',
      conversationId: 'call_1',
      attempt: 2,
      at: NOW,
      durationMs: 12,
      response: { status: 503, headers: { 'retry-after': '5' }, body: 'busy', bodyTruncated: true },
      statusClass: '5xx',
      cause: { kind: 'server-error' },
      followUp: { kind: 'retry', at: NOW + 3_000 },
    });
  });

  test('with the request, whose secrets are masked and whose body is the event', () => {
    const { request } = entryOf({ kind: 'exhausted' });
    expect(request.url).toBe('https://hooks.example/in?tenant=***&apikey=***');
    expect(request.headers).toMatchObject({ 'x-own': '***', 'webhook-id': job.jobId, 'webhook-attempt': '2' });
    expect(request.body).toBe(job.body.toString());
    expect(JSON.stringify(request)).not.toContain('canary');
  });

  test('the last one says that the event used up its attempts', () => {
    expect(entryOf({ kind: 'exhausted' }).followUp).toEqual({ kind: 'exhausted' });
  });

  test('without a response when none came', () => {
    const entry = entryOf({ kind: 'exhausted' }, noAnswerOf('timeout', 'waiting for the answer'));
    expect([entry.response, entry.statusClass, entry.cause.kind]).toEqual([null, 'none', 'timeout']);
  });

  test('without a request when none could be built', () => {
    const outcome = classify(noAnswerOf('invalid-request', 'no')) as Failed;
    expect(failureEntry(job, null, [], outcome, { kind: 'exhausted' }, NOW).request).toMatchObject({
      url: '',
      headers: {},
    });
  });
});
