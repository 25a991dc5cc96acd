import { describe, expect, test } from '@jest/globals';
import {
  createAttempt,
  type AttemptPorts,
  type AttemptSettings,
  type Origin,
} from '../../services/delivery-consumer/handler.js';
import { RecentResults } from '../../services/delivery-consumer/recent-results.js';
import type { FailureEntry } from '../../services/shared/core/failure-log.js';
import type { Job } from '../../services/shared/core/job.js';
import type { SendResult } from '../../services/shared/core/outcome.js';
import type { HttpRequest } from '../../services/shared/core/request.js';
import type { UnreadableWebhook, Webhook } from '../../services/shared/core/webhook.js';
import { answerOf, ATTEMPTS, FAILED, HOLD, jobOf, noAnswerOf, NOW, webhookOf } from '../support/samples.js';

/**
 * Chapter 6: what an attempt does, from the look at the webhook to the last acknowledgement.
 *
 * "A deleted webhook gets nothing more, retries included: every attempt looks at the webhook as it is now." "While
 * Inactive, events are not delivered and not held." "Every failed attempt is logged." "Faults of our own never count
 * against a customer." An offset is committed only after everything that it caused has been acknowledged, so the
 * attempt returns then and not before.
 */

/** The world around an attempt: what it finds, and what it did to it, in order. */
interface World {
  readonly did: string[];
  readonly requests: HttpRequest[];
  readonly retries: Job[];
  /** How long each of them waits. */
  readonly waits: number[];
  readonly clock: { now: number };
  readonly held: Job[];
  readonly entries: FailureEntry[];
  readonly ports: AttemptPorts;
}

interface Given {
  /** What each look at the webhook finds; the last one repeats. */
  readonly webhooks?: readonly (Webhook | UnreadableWebhook | undefined)[];
  /** What each POST comes to; the last one repeats. */
  readonly results?: readonly SendResult[];
  readonly recent?: RecentResults;
  /** Whether counting a failure finds the webhook Failed with it. */
  readonly trips?: boolean;
  readonly ports?: Partial<AttemptPorts>;
}

function worldOf({
  webhooks = [webhookOf()],
  results = [answerOf(200)],
  recent,
  trips = false,
  ports,
}: Given = {}): World {
  const did: string[] = [];
  const requests: HttpRequest[] = [];
  const retries: Job[] = [];
  const held: Job[] = [];
  const entries: FailureEntry[] = [];
  const waits: number[] = [];
  const clock = { now: NOW };
  let looks = 0;
  const nth = <T>(list: readonly T[], index: number): T => list[Math.min(index, list.length - 1)] as T;
  const note = (what: string) => (): Promise<void> => {
    did.push(what);
    return Promise.resolve();
  };
  return {
    did,
    requests,
    retries,
    waits,
    clock,
    held,
    entries,
    ports: {
      findWebhook: (companyId, webhookId) => {
        did.push(`look ${companyId}/${webhookId}`);
        return nth(webhooks, looks++);
      },
      send: (request) => {
        did.push('send');
        requests.push(request);
        clock.now += 40;
        return Promise.resolve(nth(results, requests.length - 1));
      },
      publishRetry: (job, waitMs) => {
        retries.push(job);
        waits.push(waitMs);
        return note('publish retry')();
      },
      logFailure: (entry) => {
        entries.push(entry);
        return note('log failure')();
      },
      countFailure: ({ at, startedAt, attemptId, lastSuccessAt }) =>
        note(
          `count failure ${attemptId.slice(-2)} ${startedAt - NOW}..${at - NOW} after ${lastSuccessAt() ?? 'none'}`,
        )().then(() => trips),
      disableGone: ({ at, countsFrom }) =>
        note(`disable what counts from ${countsFrom}, at ${at - NOW}`)().then(() => true),
      countSuccess: ({ at }) => note(`count success ${at - NOW}`)(),
      hold: (job, owed) => {
        held.push(job);
        return note(owed ? 'hold owed' : 'hold')().then(() => 'held' as const);
      },
      recent: recent ?? new RecentResults(10),
      pause: note('pause'),
      now: () => clock.now,
      observe: {
        attempted: ({ outcome, decision }) => did.push(`observe ${outcome.kind}, ${decision.kind}`),
        held: ({ attempt: number }) => did.push(`observe held ${number}`),
        dropped: (_job, reason) => did.push(`observe dropped ${reason}`),
        discarded: (_job, reason) => did.push(`observe discarded ${reason}`),
        unmade: (_job, detail) => did.push(`observe unmade ${detail}`),
      },
      ...ports,
    },
  };
}

const SETTINGS: AttemptSettings = { attempts: ATTEMPTS, failed: FAILED, hold: HOLD, userAgent: 'webhook-v2/0.1.0' };
const LOOK = 'look company_1/wh_1';
/** The next failure makes it Failed. */
const ABOUT_TO_FAIL = webhookOf({
  failures: Array.from({ length: FAILED.threshold - 1 }, (_, index) => ({ attemptId: `x:${index}`, at: NOW - 1 })),
});

async function attempt(
  world: World,
  job = jobOf(),
  settings = SETTINGS,
  origin: Origin = 'topic',
): Promise<readonly string[]> {
  await createAttempt(settings, world.ports)(job, origin);
  return world.did;
}

describe('the webhook is looked at first, as it is now', () => {
  test('deleted: nothing is sent, logged or counted', async () => {
    expect(await attempt(worldOf({ webhooks: [undefined] }))).toEqual([LOOK, 'observe discarded webhook-deleted']);
  });

  test('Inactive: nothing is sent, logged or counted', async () => {
    const world = worldOf({ webhooks: [webhookOf({ status: 'inactive' })] });
    expect(await attempt(world)).toEqual([LOOK, 'observe discarded webhook-inactive']);
  });

  test('that holds for retries, too', async () => {
    const world = worldOf({ webhooks: [webhookOf(), undefined], results: [answerOf(500)] });
    await attempt(world);
    await attempt(world, world.retries[0]);
    expect(world.requests).toHaveLength(1);
  });

  test('an edit takes effect on the next attempt', async () => {
    const edited = webhookOf({ url: 'https://new.example/in', version: 2 });
    const world = worldOf({ webhooks: [webhookOf(), edited], results: [answerOf(500)] });
    await attempt(world);
    await attempt(world, world.retries[0]);
    expect(world.requests.map(({ origin }) => origin)).toEqual(['https://hooks.example', 'https://new.example']);
  });

  test('a look that takes time is waited for', async () => {
    const world = worldOf({ ports: { findWebhook: () => Promise.resolve(webhookOf()) } });
    expect(await attempt(world)).toContain('send');
  });
});

describe('a success', () => {
  test('is observed, and writes nothing when there is nothing to reset', async () => {
    expect(await attempt(worldOf())).toEqual([LOOK, 'send', 'observe delivered, delivered']);
  });

  test('resets a counted failure, with the instant at which it ended', async () => {
    const did = await attempt(worldOf({ webhooks: [webhookOf({ failures: [{ attemptId: 'x', at: NOW - 1 }] })] }));
    expect(did.slice(-1)).toEqual(['count success 40']);
  });
});

describe('a failure', () => {
  test('publishes the retry, is logged and counted', async () => {
    const world = worldOf({ results: [answerOf(503)] });
    const did = await attempt(world);
    expect(did.slice(0, 3)).toEqual([LOOK, 'send', 'observe failed, retry']);
    expect([...did.slice(3)].sort()).toEqual(['count failure :1 0..40 after none', 'log failure', 'publish retry']);
    expect(world.retries).toEqual([{ ...jobOf(), attempt: 2, notBefore: NOW + 40 + 3_000 }]);
    expect(world.entries[0]).toMatchObject({ attempt: 1, followUp: { kind: 'retry', at: NOW + 3_040 } });
  });

  test('has landed at once and is counted among others; one that may make the webhook Failed is counted first, and lands unless it does', async () => {
    const recent = new RecentResults(10);
    const told: (readonly string[])[] = [];
    for (let failure = 1; failure <= FAILED.threshold; failure += 1) {
      const world = worldOf({ recent, results: [answerOf(503)] });
      await createAttempt(SETTINGS, world.ports)(jobOf(), 'topic', () => void world.did.push('landed'));
      told.push(world.did.slice(2));
    }
    const [counted, observed] = ['count failure :1 0..40 after none', 'observe failed, retry'];
    const gathered = [observed, 'landed', 'publish retry', 'log failure', counted];
    expect(told).toEqual([gathered, gathered, [counted, observed, 'landed', 'publish retry', 'log failure']]);
    const world = worldOf({ recent, results: [answerOf(503)], trips: true });
    await createAttempt(SETTINGS, world.ports)(jobOf(), 'topic', () => void world.did.push('landed'));
    expect(world.did.slice(2)).toEqual([counted, 'observe failed, held', 'hold owed', 'log failure', 'observe held 2']);
  });

  test('waits for its pause however the clock is set meanwhile', async () => {
    const world = worldOf({ results: [answerOf(503)], webhooks: [ABOUT_TO_FAIL] });
    const countFailure = (): Promise<boolean> => {
      world.clock.now -= 3_600_000;
      return Promise.resolve(false);
    };
    await createAttempt(SETTINGS, { ...world.ports, countFailure })(jobOf(), 'topic');
    expect(world.waits).toEqual([3_000]);
  });

  test('goes back to the lane that the job came from', async () => {
    const world = worldOf({ results: [answerOf(503)] });
    await attempt(world, jobOf({ lane: 'overflow' }));
    expect(world.retries[0]?.lane).toBe('overflow');
  });

  test('of the last attempt publishes nothing: the event used up its attempts', async () => {
    const world = worldOf({ results: [answerOf(503)] });
    const did = await attempt(world, jobOf({ attempt: 3 }));
    expect([world.retries, did.includes('observe failed, exhausted')]).toEqual([[], true]);
    expect(world.entries[0]).toMatchObject({ attempt: 3, followUp: { kind: 'exhausted' } });
    expect(did).toContain('count failure :3 0..40 after none');
  });

  test('counts once per event where that is set: when its attempts are used up', async () => {
    const settings = { ...SETTINGS, failed: { ...FAILED, counts: 'exhausted-events' } } as const;
    const counted = [];
    for (const number of [1, 2, 3]) {
      const did = await attempt(worldOf({ results: [answerOf(500)] }), jobOf({ attempt: number }), settings);
      counted.push(did.some((step) => step.startsWith('count failure')));
    }
    expect(counted).toEqual([false, false, true]);
  });

  test('carries the last success that this process saw', async () => {
    const recent = new RecentResults(10);
    await attempt(worldOf({ recent }));
    const did = await attempt(worldOf({ recent, results: [answerOf(500)] }));
    expect(did).toContain(`count failure :1 0..40 after ${NOW + 40}`);
  });

  test('makes the next success reset the counter, although the webhook that was read does not show it yet', async () => {
    const recent = new RecentResults(10);
    await attempt(worldOf({ recent, results: [answerOf(500)] }));
    expect(await attempt(worldOf({ recent }))).toContain('count success 40');
  });

  test('that makes the webhook Failed leaves what the event has left to be held, and the log says so', async () => {
    const world = worldOf({ results: [answerOf(503)], trips: true, webhooks: [ABOUT_TO_FAIL] });
    const did = await attempt(world);
    expect([did.includes('observe failed, held'), world.retries]).toEqual([true, []]);
    expect(world.held).toEqual([{ ...jobOf(), attempt: 2, notBefore: 0 }]);
    expect(world.entries[0]).toMatchObject({ attempt: 1, followUp: { kind: 'held' } });
  });

  test('that makes the webhook Failed with the last attempt: the event used up its attempts, nothing is held', async () => {
    const world = worldOf({ results: [answerOf(503)], trips: true });
    await attempt(world, jobOf({ attempt: 3 }));
    expect([world.retries, world.held, world.entries[0]?.followUp]).toEqual([[], [], { kind: 'exhausted' }]);
  });
});

describe('others of the webhook and of the conversation may go', () => {
  test.each<[string, Parameters<typeof worldOf>[0], string | undefined]>([
    ['before a success is told', { webhooks: [ABOUT_TO_FAIL] }, 'count success 40'],
    ['before a failure’s retry is published', { results: [answerOf(500)] }, 'publish retry'],
    ['before what is held is written', { webhooks: [webhookOf({ status: 'failed' })] }, 'hold'],
    ['not before the end where nothing is written', {}, undefined],
    ['not before the end where the endpoint is gone', { results: [answerOf(410)] }, undefined],
  ])('%s', async (_when, given, next) => {
    const world = worldOf(given);
    await createAttempt(SETTINGS, world.ports)(jobOf(), 'topic', () => void world.did.push('landed'));
    const at = world.did.indexOf('landed');
    expect(at < 0 ? undefined : world.did[at + 1]).toBe(next);
  });
});

describe('an answer that means something', () => {
  test('429 with Retry-After: the same attempt again that much later, logged, and not counted', async () => {
    const world = worldOf({ results: [answerOf(429, { headers: { 'retry-after': '30' } })] });
    const did = await attempt(world);
    expect(did.filter((step) => step.startsWith('count'))).toEqual([]);
    expect(world.retries).toEqual([{ ...jobOf(), postponed: 1, notBefore: NOW + 40 + 30_000 }]);
    expect(world.waits).toEqual([30_000]);
    expect(world.entries[0]).toMatchObject({ attempt: 1, followUp: { kind: 'retry', at: NOW + 30_040 } });
  });

  test('429 with Retry-After to a held event: it is held on, and what is held behind it waits', async () => {
    const world = worldOf({ results: [answerOf(429, { headers: { 'retry-after': '30' } })] });
    const end = await createAttempt(SETTINGS, world.ports)(jobOf(), 'held');
    expect([end, world.retries]).toEqual([{ postponedUntil: NOW + 30_040 }, []]);
    expect(world.held).toEqual([{ ...jobOf(), postponed: 1, notBefore: NOW + 40 + 30_000 }]);
    expect(world.entries[0]).toMatchObject({ attempt: 1, followUp: { kind: 'retry', at: NOW + 30_040 } });
  });

  test('410: the webhook is disabled, the event has no further attempt, nothing is counted', async () => {
    const world = worldOf({ results: [answerOf(410)] });
    const did = await attempt(world);
    expect(did).toEqual([LOOK, 'send', 'disable what counts from 0, at 40', 'observe failed, gone', 'log failure']);
    expect([world.retries, world.entries[0]?.followUp]).toEqual([[], { kind: 'exhausted' }]);
  });

  test('410 of an endpoint that was replaced meanwhile: a failure like any other, the event goes to the new one', async () => {
    const world = worldOf({ results: [answerOf(410)], ports: { disableGone: () => Promise.resolve(false) } });
    const did = await attempt(world);
    expect(did.slice(0, 3)).toEqual([LOOK, 'send', 'observe failed, retry']);
    expect(world.retries).toEqual([{ ...jobOf(), attempt: 2, notBefore: NOW + 40 + 3_000 }]);
    expect(world.entries[0]).toMatchObject({ attempt: 1, followUp: { kind: 'retry', at: NOW + 3_040 } });
    const last = worldOf({ results: [answerOf(410)], ports: { disableGone: () => Promise.resolve(false) } });
    await attempt(last, jobOf({ attempt: 3 }));
    expect([last.retries, last.entries[0]?.followUp]).toEqual([[], { kind: 'exhausted' }]);
  });
});

describe('while the webhook is Failed', () => {
  const failed = webhookOf({ status: 'failed' });

  test.each([
    [{ attempt: 1 }, 'hold'],
    [{ attempt: 2 }, 'hold owed'],
    [{ attempt: 3 }, 'hold owed'],
    [{ attempt: 1, postponed: 1 }, 'hold owed'],
  ])('%j is not made but held as it is; what was let in before is owed', async (overrides, held) => {
    const world = worldOf({ webhooks: [failed] });
    expect(await attempt(world, jobOf(overrides))).toEqual([LOOK, held, `observe held ${overrides.attempt}`]);
    expect(world.held).toEqual([jobOf(overrides)]);
  });

  test('what there is no room for is dropped, with an entry in the failure log that says why', async () => {
    const world = worldOf({ webhooks: [failed], ports: { hold: () => Promise.resolve('full') } });
    expect(await attempt(world)).toEqual([LOOK, 'log failure', 'observe dropped held-full']);
    expect(world.entries[0]).toMatchObject({
      attempt: 1,
      response: null,
      cause: { kind: 'held-full', text: expect.stringContaining('100 events') },
      followUp: { kind: 'dropped' },
    });
  });

  test('a held event that comes back too early is held on, whatever the bounds say', async () => {
    const world = worldOf({ webhooks: [failed] });
    expect(await attempt(world, jobOf(), SETTINGS, 'held')).toEqual([LOOK, 'hold owed', 'observe held 1']);
  });

  test('a probe is made, and its success resets the counter', async () => {
    const did = await attempt(worldOf({ webhooks: [failed] }), jobOf(), SETTINGS, 'probe');
    expect(did).toEqual([LOOK, 'send', 'observe delivered, delivered', 'count success 40']);
  });

  test('a probe’s success is told also where the webhook that was read does not show yet that it is Failed', async () => {
    expect(await attempt(worldOf(), jobOf(), SETTINGS, 'probe')).toContain('count success 40');
  });

  test('a probe that fails leaves the attempts that are left to be held, never to be retried 3 s later', async () => {
    const world = worldOf({ webhooks: [failed], results: [answerOf(500)] });
    const did = await attempt(world, jobOf({ attempt: 2 }), SETTINGS, 'probe');
    expect(did).toContain('hold owed');
    expect([world.retries, world.held]).toEqual([[], [{ ...jobOf(), attempt: 3, notBefore: 0 }]]);
    expect(world.entries[0]?.followUp).toEqual({ kind: 'held' });
  });

  test('a probe whose endpoint asks to wait uses up no attempt; the wait is told to who probes, not to what is held', async () => {
    const busy = answerOf(503, { headers: { 'retry-after': '30' } });
    const world = worldOf({ webhooks: [failed], results: [busy] });
    const end = await createAttempt(SETTINGS, world.ports)(jobOf({ attempt: 2 }), 'probe');
    expect(end).toEqual({ postponedUntil: NOW + 30_040 });
    expect(world.held).toEqual([{ ...jobOf(), attempt: 2, postponed: 1, notBefore: 0 }]);
  });

  test('a retry that finds its webhook Failed is held without the pause that it owed', async () => {
    const world = worldOf({ webhooks: [failed] });
    await attempt(world, jobOf({ attempt: 2, notBefore: NOW + 3_600_000 }));
    expect(world.held).toEqual([jobOf({ attempt: 2 })]);
  });

  test('Inactive goes before: a probe of a webhook that was disabled meanwhile is discarded', async () => {
    const did = await attempt(worldOf({ webhooks: [webhookOf({ status: 'inactive' })] }), jobOf(), SETTINGS, 'probe');
    expect(did).toEqual([LOOK, 'observe discarded webhook-inactive']);
  });
});

describe('all of it is acknowledged before the attempt returns', () => {
  test.each(['publishRetry', 'logFailure', 'countFailure'] as const)('%s', async (port) => {
    let acknowledge = (): void => undefined;
    const acknowledged = new Promise<boolean>((resolve) => (acknowledge = () => resolve(false)));
    const world = worldOf({ results: [answerOf(500)], ports: { [port]: () => acknowledged } });
    let returned = false;
    const attempting = createAttempt(SETTINGS, world.ports)(jobOf(), 'topic').then(() => (returned = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(returned).toBe(false);
    acknowledge();
    await attempting;
  });

  test.each(['publishRetry', 'logFailure', 'countFailure'] as const)('%s throws: so does the attempt', async (port) => {
    const interrupted = new Error('interrupted');
    const world = worldOf({ results: [answerOf(500)], ports: { [port]: () => Promise.reject(interrupted) } });
    await expect(attempt(world)).rejects.toBe(interrupted);
  });

  test('a reset that throws: so does the attempt', async () => {
    const interrupted = new Error('interrupted');
    const ports = { countSuccess: () => Promise.reject(interrupted) };
    const webhook = webhookOf({ failures: [{ attemptId: 'x', at: NOW - 1 }] });
    await expect(attempt(worldOf({ webhooks: [webhook], ports }))).rejects.toBe(interrupted);
  });
});

describe('a fault of our own', () => {
  const own = noAnswerOf('own', 'EMFILE');

  test('is not counted or logged: after a pause the same attempt is made', async () => {
    const world = worldOf({ results: [own, own, answerOf(200)] });
    expect(await attempt(world)).toEqual([
      ...[LOOK, 'send', 'observe unmade EMFILE', 'pause'],
      ...[LOOK, 'send', 'observe unmade EMFILE', 'pause'],
      ...[LOOK, 'send', 'observe delivered, delivered'],
    ]);
    expect(world.requests.map(({ headers }) => headers['webhook-attempt'])).toEqual(['1', '1', '1']);
  });

  test('does not keep a webhook that is deleted meanwhile', async () => {
    const world = worldOf({ webhooks: [webhookOf(), undefined], results: [own] });
    expect((await attempt(world)).slice(-1)).toEqual(['observe discarded webhook-deleted']);
  });

  test('ends with the process: the pause throws, and the attempt with it', async () => {
    const interrupted = new Error('interrupted');
    const world = worldOf({ results: [own], ports: { pause: () => Promise.reject(interrupted) } });
    await expect(attempt(world)).rejects.toBe(interrupted);
  });

  test('such as stored credentials that can’t be opened: logged and retried, never counted', async () => {
    const world = worldOf({ webhooks: [{ id: 'wh_1', unreadable: 'its credentials can’t be opened' }] });
    const did = await attempt(world);
    expect([world.requests.length, did.filter((step) => step.startsWith('count'))]).toEqual([0, []]);
    expect([...did].sort()).toEqual([LOOK, 'log failure', 'observe failed, retry', 'publish retry'].sort());
  });
});

describe('a webhook that may not be called as it is stored', () => {
  test('is not called; the attempt fails with the reason, is retried, logged and counted', async () => {
    const world = worldOf({ webhooks: [webhookOf({ url: 'http://hooks.example/in' })] });
    const did = await attempt(world);
    expect([world.requests.length, did.includes('observe failed, retry')]).toEqual([0, true]);
    expect(world.entries[0]?.cause).toMatchObject({ kind: 'invalid-request' });
    expect(world.entries[0]?.cause.text).toContain('http:// is not accepted');
  });
});

test('three attempts of an event that always fails: three requests with one webhook-id, two retries, three entries', async () => {
  const world = worldOf({ results: [answerOf(500), noAnswerOf('timeout'), answerOf(302)] });
  let job: Job | undefined = jobOf();
  for (let made = 0; job !== undefined; made = world.retries.length) {
    await attempt(world, job);
    job = world.retries[made];
  }
  expect(world.requests.map(({ headers }) => headers['webhook-attempt'])).toEqual(['1', '2', '3']);
  expect(new Set(world.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  expect(world.entries.map(({ cause }) => cause.kind)).toEqual(['server-error', 'timeout', 'redirect']);
  expect(new Set(world.entries.map(({ attemptId }) => attemptId)).size).toBe(3);
});
