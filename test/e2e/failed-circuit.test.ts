import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RecordedRequest } from '../../deploy/local/receiver/recorded-request.js';
import { respond } from '../../deploy/local/receiver/step.js';
import { jobIdOf } from '../../services/shared/core/job.js';
import { WebhookStatus } from '../../services/shared/platform/mongo/webhook-status.js';
import type { HeldDocument } from '../../services/shared/platform/mongo/held-document.js';
import type { RecoveryDocument } from '../../services/shared/platform/mongo/recovery-document.js';
import { countById, eventIdOf } from '../support/bodies.js';
import { event, startSystem, type System } from '../support/system.js';
import { pause, until } from '../support/waiting.js';

/**
 * Failed as a circuit, with three delivery processes that come and go: what comes while a webhook is Failed is held,
 * one probe at a time is made, and once the endpoint answers everything follows. "While Failed, nothing is lost and
 * recovery is quick."
 */
const FIRST_PROBE_MS = 500;
const MAX_HELD = 60;
/** Every process has heard of a change by then, as is promised; until then it may attempt what it would hold. */
const HEARD_MS = 2_000;
const POLICY = { threshold: 3, windowMs: 86_400_000, firstProbeMs: FIRST_PROBE_MS, maxProbeMs: 4_000 };
const DELIVERERS = ['delivery-consumer', 'delivery-2', 'delivery-3'] as const;

let system: System;
let company = 0;

beforeAll(async () => {
  const env = {
    STATUS_FIRST_PROBE_MS: String(FIRST_PROBE_MS),
    STATUS_MAX_PROBE_MS: '4000',
    HELD_MAX_EVENTS: String(MAX_HELD),
    KAFKA_SESSION_TIMEOUT_MS: '6000',
    KAFKA_HEARTBEAT_INTERVAL_MS: '1000',
  };
  system = await startSystem(['call-consumer', 'retry-consumer'], env);
  await Promise.all(DELIVERERS.map((as) => system.start('delivery-consumer', { as })));
}, 120_000);

afterAll(async () => {
  await system?.close();
}, 90_000);

describe('a webhook whose endpoint fails', () => {
  test('loses nothing over probes, a killed process and a restarted one, and is caught up when it answers', async () => {
    const { companyId, webhookId, path, endpoint } = await failing('/story');
    // So slow that two probes at a time would be seen.
    endpoint.script([respond(500, { delayMs: 400 })]);
    const trip = await produced(companyId, 3);
    await failed(companyId, webhookId);
    const trippedAt = Date.now();
    await pause(HEARD_MS);
    const first = await produced(companyId, 20);
    await until(
      () => heldOf(companyId, webhookId),
      ({ length }) => length >= 20,
    );
    await until(
      () => system.webhookDocument(companyId, webhookId),
      (found) => (found?.circuit?.probes ?? 0) >= 2,
    );

    system.services.get('delivery-2')?.kill('SIGKILL');
    await system.services.get('delivery-2')?.exited;
    const second = await produced(companyId, 10);
    expect(await system.services.get('delivery-3')?.stop()).toBe(0);
    await system.start('delivery-consumer', { as: 'delivery-3' });
    const third = await produced(companyId, 10);
    await until(
      () => heldOf(companyId, webhookId),
      ({ length }) => length >= 40,
      60_000,
    );
    const probes = system.receiver.requests(at(path)).filter(({ arrivedAt }) => arrivedAt > trippedAt + 200);
    expect(probes.length).toBeGreaterThanOrEqual(2);
    expect(overlapping(probes)).toEqual([]);
    expect(pausesBetween(probes).filter((ms) => ms < FIRST_PROBE_MS)).toEqual([]);

    endpoint.script([200]);
    const sent = [...first, ...second, ...third];
    const accepted = (requests: readonly RecordedRequest[]): Set<string> =>
      new Set(
        requests
          .filter(at(path))
          .filter(({ step }) => step.kind === 'respond' && step.status === 200)
          .map(eventIdOf),
      );
    // What used up its attempts as a probe stands in the failure log; nothing else may be missing.
    const exhausted = async (): Promise<Set<string>> => {
      const entries = await system.failures({ companyId, webhookId });
      return new Set(entries.filter(({ followUp }) => followUp.kind === 'exhausted').map(({ eventId }) => eventId));
    };
    await until(
      async () => {
        const got = accepted(system.receiver.requests());
        const lost = await exhausted();
        return [...trip, ...sent].filter((id) => !got.has(id) && !lost.has(id));
      },
      ({ length }) => length === 0,
      60_000,
    );
    const document = await until(
      () => system.webhookDocument(companyId, webhookId),
      (found) => found?.status === 'active',
    );
    expect(document).toMatchObject({ circuit: null, statusReason: null, failures: [] });
    await until(
      () => heldOf(companyId, webhookId),
      ({ length }) => length === 0,
    );
    await until(
      () => recoveriesOf(companyId),
      (count) => count === 0,
    );
    const ids = new Map<string, Set<unknown>>();
    for (const request of system.receiver.requests(at(path)))
      ids.set(eventIdOf(request), (ids.get(eventIdOf(request)) ?? new Set()).add(request.headers['webhook-id']));
    expect([...ids.values()].every((set) => set.size === 1)).toBe(true);
  }, 180_000);

  test('and that is enabled by its Owner gets what was held at once, in order', async () => {
    const { companyId, webhookId, path, endpoint, sent } = await holding('/enabled', 12);
    endpoint.script([200]);
    await system.webhooks.setStatus({ companyId, webhookId }, 'active', new Date());
    const isOurs = (request: RecordedRequest): boolean => at(path)(request) && sent.includes(eventIdOf(request));
    await system.receiver.waitFor((requests) => requests.filter(isOurs).length >= sent.length, 20_000);
    expect(system.receiver.requests(isOurs).map(eventIdOf)).toEqual(sent);
    await until(
      () => heldOf(companyId, webhookId),
      ({ length }) => length === 0,
    );
  }, 90_000);

  test('and asks to wait while it catches up is waited for: what it refuses uses up no attempts, and what is held behind it waits', async () => {
    const { companyId, webhookId, path, endpoint, sent } = await holding('/busy', 20);
    const busy = respond(429, { headers: { 'retry-after': '4' } });
    const [refused, last] = [sent[2], sent.at(-1)] as [string, string];
    let isBusy = true;
    const refusedId = jobIdOf(companyId, refused, webhookId);
    endpoint.script(({ headers }) => (isBusy && headers['webhook-id'] === refusedId ? busy : 200));
    await system.webhooks.setStatus({ companyId, webhookId }, 'active', new Date());
    const of =
      (...ids: readonly string[]) =>
      (request: RecordedRequest): boolean =>
        at(path)(request) && ids.includes(eventIdOf(request));
    // One attempt more than an event has.
    await system.receiver.waitFor((requests) => requests.filter(of(refused)).length >= 4, 40_000);
    isBusy = false;
    await system.receiver.waitFor((requests) => requests.filter(of(...sent)).length >= sent.length + 4, 40_000);
    expect(Math.min(...pausesBetween(system.receiver.requests(of(refused))))).toBeGreaterThanOrEqual(3_900);
    expect(eventIdOf(system.receiver.requests(of(refused, last)).at(-1) as RecordedRequest)).toBe(last);
    expect(countById(system.receiver.requests(of(...sent))).size).toBe(sent.length);
    expect(await system.webhookDocument(companyId, webhookId)).toMatchObject({ status: 'active', failures: [] });
    await until(
      () => heldOf(companyId, webhookId),
      ({ length }) => length === 0,
    );
  }, 150_000);

  test.each([
    ['disabled', 'inactive'],
    ['deleted', 'deleted'],
  ] as const)(
    'and that is %s by its Owner gets nothing of what was held',
    async (name, what) => {
      const { companyId, webhookId, path } = await failing(`/${name}`);
      await produced(companyId, 3);
      await failed(companyId, webhookId);
      await putProbesOff(companyId, webhookId);
      await produced(companyId, 5);
      await until(
        () => heldOf(companyId, webhookId),
        ({ length }) => length >= 5,
      );
      const before = system.receiver.requests(at(path)).length;
      if (what === 'deleted') await system.webhooks.deleteWebhook({ companyId, webhookId });
      else await system.webhooks.setStatus({ companyId, webhookId }, 'inactive', new Date());
      await until(
        () => heldOf(companyId, webhookId),
        ({ length }) => length === 0,
      );
      await until(
        () => recoveriesOf(companyId),
        (count) => count === 0,
      );
      expect(system.receiver.requests(at(path))).toHaveLength(before);
    },
    90_000,
  );

  test('holds no more than the bound; what exceeds it stands in the failure log as dropped', async () => {
    const { companyId, webhookId } = await failing('/bounded');
    await produced(companyId, 3);
    await failed(companyId, webhookId);
    await putProbesOff(companyId, webhookId);
    const sent: string[] = [];
    for (let round = 0; round < 12; round += 1) sent.push(...(await produced(companyId, 20)));
    const [held, dropped] = await until(
      async () => {
        const waiting = await heldOf(companyId, webhookId);
        const entries = await system.failures({ companyId, webhookId });
        const lost = entries.filter(({ followUp }) => followUp.kind === 'dropped');
        return [waiting.map(({ eventId }) => eventId), lost] as const;
      },
      ([waiting, lost]) => sent.every((id) => waiting.includes(id) || lost.some(({ eventId }) => eventId === id)),
    );
    expect(dropped.length).toBeGreaterThan(0);
    // Each of the three processes counts once a second.
    expect(held.length).toBeLessThan(MAX_HELD * 3);
    expect(dropped[0]).toMatchObject({ cause: { kind: 'held-full' }, response: null });
  }, 90_000);
});

describe('a webhook whose failures were counted by one process', () => {
  test('is not Failed when another had a success between them, which it had no reason to tell by then', async () => {
    const companyId = `co_${++company}`;
    const ref = { companyId, webhookId: await system.webhook(companyId, '/between') };
    system.receiver.endpoint('/between', [200]);
    await produced(companyId, 1);
    await system.receiver.waitFor((requests) => requests.some(at('/between')), 20_000);
    const [arrived] = system.receiver.requests(at('/between'));
    await pause(500);
    const before = (arrived?.arrivedAt ?? 0) - 1;
    const counter = new WebhookStatus({ db: system.mongo.db, policy: POLICY });
    const count = (attemptId: string, instant: number) =>
      counter.recordFailure({ ...ref, attemptId, startedAt: instant, at: instant });
    await count('a:1', before);
    await count('a:2', Date.now());
    expect(await count('a:3', Date.now())).toMatchObject({ status: 'failed' });
    const document = await until(
      () => system.webhookDocument(companyId, ref.webhookId),
      (found) => found?.status === 'active',
    );
    expect(document?.failures.map(({ attemptId }) => attemptId)).toEqual(['a:2', 'a:3']);
    await counter.close();
  }, 60_000);
});

const at = (path: string) => (request: RecordedRequest) => request.endpoint === path;

async function failing(path: string) {
  const companyId = `co_${++company}`;
  const endpoint = system.receiver.endpoint(path, [500]);
  const webhookId = await system.webhook(companyId, path);
  return { companyId, webhookId, path, endpoint };
}

/** A Failed webhook, no probe of which is near, and the ids of its held events of one call. */
async function holding(path: string, count: number) {
  const webhook = await failing(path);
  const { companyId, webhookId } = webhook;
  await produced(companyId, 3);
  await failed(companyId, webhookId);
  await putProbesOff(companyId, webhookId);
  await pause(HEARD_MS);
  const sent = await produced(companyId, count, 'one-call');
  // All of these: what is still on its way when the webhook is enabled is live traffic, which goes first.
  await until(
    () => heldOf(companyId, webhookId),
    (held) => sent.every((id) => held.some(({ eventId }) => eventId === id)),
  );
  return { ...webhook, sent };
}

/** Ids of events of calls of their own, or of one call. */
async function produced(companyId: string, count: number, call?: string): Promise<string[]> {
  const events = Array.from({ length: count }, () =>
    event('call.initiated', companyId, call === undefined ? {} : { data: { call_id: `${companyId}-${call}` } }),
  );
  await system.produce(events);
  return events.map(({ event_id }) => event_id);
}

function failed(companyId: string, webhookId: string): Promise<unknown> {
  return until(
    () => system.webhookDocument(companyId, webhookId),
    (found) => found?.status === 'failed' && found.circuit !== null,
  );
}

/** An endpoint that is down for long: the next probe is an hour away, and none is under way. */
async function putProbesOff(companyId: string, webhookId: string): Promise<void> {
  const far = new Date(Date.now() + 3_600_000);
  await until(
    () =>
      system.mongo.db
        .collection<{ _id: string }>('webhooks')
        .updateOne(
          { _id: webhookId, companyId, status: 'failed', circuit: { $ne: null } },
          { $set: { 'circuit.nextProbeAt': far, 'circuit.openedAt': new Date() } },
        ),
    ({ matchedCount }) => matchedCount === 1,
  );
  await until(
    () => system.mongo.db.collection<RecoveryDocument>('recoveries').findOne({ _id: webhookId, companyId }),
    (recovery) => recovery === null || recovery.holder === null,
  );
}

function heldOf(companyId: string, webhookId: string): Promise<HeldDocument[]> {
  return system.mongo.db.collection<HeldDocument>('held_deliveries').find({ companyId, webhookId }).toArray();
}

function recoveriesOf(companyId: string): Promise<number> {
  return system.mongo.db.collection('recoveries').countDocuments({ companyId });
}

/** From the end of each to the beginning of the next. */
function pausesBetween(requests: readonly RecordedRequest[]): readonly number[] {
  return requests.slice(1).map(({ arrivedAt }, index) => arrivedAt - (requests[index]?.completedAt ?? Infinity));
}

/** Requests that began before the one before them had ended. */
function overlapping(requests: readonly RecordedRequest[]): readonly RecordedRequest[] {
  return requests.filter((request, index) => {
    const before = requests[index - 1];
    return before !== undefined && request.arrivedAt < (before.completedAt ?? Infinity);
  });
}
