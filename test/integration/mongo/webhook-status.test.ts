import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Collection } from 'mongodb';
import { reduceCircuit, type Circuit } from '../../../services/shared/core/circuit.js';
import { countFailure, countSuccess, type CountingState } from '../../../services/shared/core/status.js';
import type { Status } from '../../../services/shared/core/vocabulary.js';
import {
  toCircuit,
  type StoredCircuit,
  type WebhookDocument,
} from '../../../services/shared/platform/mongo/webhook-document.js';
import { WebhookStatus, type StatusAfter } from '../../../services/shared/platform/mongo/webhook-status.js';
import { WebhookStore } from '../../../services/shared/platform/mongo/webhooks.js';
import { openCuttableProxy, type CuttableProxy } from './cuttable-proxy.js';
import { inserted, testVault } from './fixtures.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

const POLICY = { threshold: 3, windowMs: 86_400_000, firstProbeMs: 3_000, maxProbeMs: 900_000 };
const COMPANY = 'c1';

let database: TestDatabase;
let proxy: CuttableProxy;
let store: WebhookStore;
let status: WebhookStatus;
let collection: Collection<WebhookDocument>;
let webhookId: string;

beforeAll(async () => {
  database = await openTestDatabase();
  proxy = await openCuttableProxy();
  collection = database.db.collection<WebhookDocument>('webhooks');
  store = new WebhookStore({ db: database.db, vault: testVault(database.db) });
});

beforeEach(async () => {
  webhookId = await inserted(store, COMPANY);
  status = new WebhookStatus({ db: database.db, policy: POLICY });
  await reset({ countsFrom: new Date(0) });
  database.commands.length = 0;
});

afterEach(async () => {
  await status.close();
  await store.deleteWebhook({ companyId: COMPANY, webhookId });
});

afterAll(async () => {
  await database.end();
  await proxy.close();
});

async function reset(fields: Partial<WebhookDocument>): Promise<void> {
  await collection.updateOne(
    { _id: webhookId, companyId: COMPANY },
    { $set: { status: 'active', failures: [], statusReason: null, circuit: null, ...fields } },
  );
}

function storedCircuit(circuit: Circuit | null): StoredCircuit | null {
  if (circuit === null) return null;
  const { openedAt, probes, nextProbeAt } = circuit;
  return { openedAt: new Date(openedAt), probes, nextProbeAt: new Date(nextProbeAt) };
}

async function stored(): Promise<WebhookDocument> {
  const document = await collection.findOne({ _id: webhookId, companyId: COMPANY });
  if (document === null) throw new Error('the webhook does not exist');
  return document;
}

const fail = (n: number, at: number, counter = status) =>
  counter.recordFailure({ companyId: COMPANY, webhookId, attemptId: `a:${n}`, startedAt: at - 1, at });
const succeed = (at: number, counter = status) => counter.recordSuccess({ companyId: COMPANY, webhookId, at });
const updates = () => database.commands.filter(({ commandName }) => commandName === 'update');
const ACTIVE = { status: 'active', changed: false };
const FAILED = { status: 'failed', changed: false };
const BECAME_ACTIVE = { status: 'active', changed: true };
const BECAME_FAILED = { status: 'failed', changed: true };
const UNKNOWN = { status: undefined, changed: false };

describe('failures that are told late, because MongoDB was away', () => {
  const told = (n: number, at: number, lastSuccessAt: number | undefined) =>
    status.recordFailure({ companyId: COMPANY, webhookId, attemptId: `a:${n}`, startedAt: at - 1, at, lastSuccessAt });

  test('don’t count when a success came after them, in whatever order they are told', async () => {
    const at = Date.now();
    for (const n of [5, 1, 4, 2, 3]) expect(await told(n, at + n, at + 6)).toEqual(ACTIVE);
    expect((await stored()).failures).toEqual([]);
  });

  test('count from the last success on, which forgives what stands there', async () => {
    const at = Date.now();
    await told(1, at + 1, undefined);
    await told(2, at + 2, undefined);
    expect(await told(4, at + 4, at + 3)).toEqual(ACTIVE);
    expect((await stored()).failures.map(({ attemptId }) => attemptId)).toEqual(['a:4']);
  });
});

describe('a webhook', () => {
  test('becomes Failed with the third failure within 24 h, and says why and since when', async () => {
    const at = Date.now();
    expect(await fail(1, at)).toEqual(ACTIVE);
    expect(await fail(2, at + 1)).toEqual(ACTIVE);
    expect(await stored()).toMatchObject({ status: 'active', statusReason: null });
    expect(await fail(3, at + 2)).toEqual(BECAME_FAILED);
    expect(await stored()).toMatchObject({
      status: 'failed',
      statusReason: '3 failed attempts within 24 h with no success between them',
      statusChangedAt: new Date(at + 2),
      version: 1,
      circuit: { openedAt: new Date(at + 2), probes: 0, nextProbeAt: new Date(at + 3_002) },
    });
    expect(await fail(4, at + 3)).toEqual(FAILED);
    expect(await stored()).toMatchObject({
      status: 'failed',
      statusChangedAt: new Date(at + 2),
      failures: [{ attemptId: 'a:2' }, { attemptId: 'a:3' }, { attemptId: 'a:4' }],
    });
  });

  test('becomes Active again with a success', async () => {
    for (const n of [1, 2, 3]) await fail(n, 1_000 + n);
    expect(await succeed(2_000)).toEqual(BECAME_ACTIVE);
    expect(await stored()).toMatchObject({ status: 'active', statusReason: null, failures: [], circuit: null });
    expect(await succeed(3_000)).toEqual(ACTIVE);
  });

  test('that a success below the threshold finds is reset', async () => {
    await fail(1, 1_000);
    expect(await succeed(2_000)).toEqual(ACTIVE);
    expect(await stored()).toMatchObject({ status: 'active', failures: [] });
  });

  test('never counts a redelivered attempt twice, nor one that began before it was enabled or edited', async () => {
    await fail(1, 1_000);
    await fail(1, 1_000);
    await fail(1, 5_000);
    expect((await stored()).failures).toEqual([{ attemptId: 'a:1', at: new Date(1_000) }]);
    await reset({ countsFrom: new Date(10_000) });
    await fail(2, 10_000);
    await fail(3, 10_001);
    expect((await stored()).failures).toEqual([{ attemptId: 'a:3', at: new Date(10_001) }]);
  });

  test('that is Inactive, deleted or of another company stays as it is', async () => {
    await reset({ status: 'inactive', failures: [{ attemptId: 'a:0', at: new Date(1) }] });
    const before = await stored();
    const inactive = { status: 'inactive', changed: false };
    expect([await fail(1, 1_000), await succeed(2_000)]).toEqual([inactive, inactive]);
    const foreign = { companyId: 'c2', webhookId, attemptId: 'a:1', startedAt: 1, at: 2 };
    expect([await status.recordFailure(foreign), await status.recordSuccess(foreign)]).toEqual([UNKNOWN, UNKNOWN]);
    expect(await stored()).toEqual(before);
    const gone = { ...foreign, companyId: COMPANY, webhookId: 'wh_gone' };
    expect([await status.recordFailure(gone), await status.recordSuccess(gone)]).toEqual([UNKNOWN, UNKNOWN]);
  });

  test('is not written when there is nothing to change', async () => {
    await fail(1, 1_000);
    const before = await stored();
    const replies: { readonly n: number }[] = [];
    const listen = ({ commandName, reply }: { commandName: string; reply: unknown }) => {
      if (commandName === 'update') replies.push(reply as { readonly n: number });
    };
    database.client.on('commandSucceeded', listen);
    await Promise.all([succeed(500), fail(1, 1_000)]);
    database.client.off('commandSucceeded', listen);
    expect(replies.map(({ n }) => n)).toEqual([0]);
    expect(await stored()).toEqual(before);
  });

  test('may have attempts whose ids mean something to MongoDB', async () => {
    const attemptId = '$countsFrom';
    await status.recordFailure({ companyId: COMPANY, webhookId, attemptId, startedAt: 1, at: 2 });
    expect((await stored()).failures).toEqual([{ attemptId, at: new Date(2) }]);
  });
});

describe('an endpoint that answers 410', () => {
  const gone = async (at: number, countsFrom?: number) =>
    status.recordGone({
      companyId: COMPANY,
      webhookId,
      countsFrom: countsFrom ?? (await stored()).countsFrom.getTime(),
      at,
    });

  test('makes its webhook Inactive, with the reason; once', async () => {
    for (const n of [1, 2, 3]) await fail(n, 1_000 + n);
    expect([await gone(5_001), await gone(5_001)]).toEqual(['disabled', 'ended']);
    expect(await stored()).toMatchObject({
      status: 'inactive',
      statusReason: expect.stringContaining('410 Gone'),
      statusChangedAt: new Date(5_001),
      failures: [],
      circuit: null,
    });
  });

  test('changes nothing when the webhook was enabled or edited since it was read for the attempt', async () => {
    await reset({ countsFrom: new Date(10_000) });
    expect([await gone(20_000, 9_999), (await stored()).status]).toEqual(['changed', 'active']);
    expect([await gone(20_000, 10_000), (await stored()).status]).toEqual(['disabled', 'inactive']);
  });
});

describe('many facts at once', () => {
  test('of one webhook are few updates', async () => {
    const at = Date.now();
    const after = await Promise.all(Array.from({ length: 500 }, (_, n) => fail(n, at + n)));
    expect(after.filter(({ changed }) => changed)).toEqual([BECAME_FAILED]);
    expect(after.every(({ status: now }) => now === 'failed')).toBe(true);
    expect(updates().length).toBeLessThanOrEqual(3);
    expect((await stored()).failures.map(({ attemptId }) => attemptId)).toEqual(['a:497', 'a:498', 'a:499']);
  });

  test('of many webhooks are one command, and each hears of its own', async () => {
    const owners = Array.from({ length: 20 }, (_, n) => `many-${n}`);
    const refs = await Promise.all(
      owners.map(async (companyId) => ({ companyId, webhookId: await inserted(store, companyId) })),
    );
    database.commands.length = 0;
    const countOne = (ref: (typeof refs)[number], n: number) => {
      const at = Date.now() + n;
      return status.recordFailure({ ...ref, attemptId: `a:${n}`, startedAt: at, at });
    };
    const sick = refs[7] as (typeof refs)[number];
    const after = await Promise.all([
      ...refs.map((ref) => countOne(ref, 1)),
      ...[2, 3, 4].map((n) => countOne(sick, n)),
    ]);
    expect(updates()).toHaveLength(1);
    expect(after.flatMap(({ status: now }, index) => (now === 'failed' ? [index] : []))).toEqual([7, 20, 21, 22]);
    await Promise.all(refs.map((ref) => store.deleteWebhook(ref)));
  });

  test('from several processes lose nothing: exactly one tells that the webhook became Failed', async () => {
    const counters = Array.from({ length: 8 }, () => new WebhookStatus({ db: database.db, policy: POLICY }));
    const at = Date.now();
    const after = await Promise.all(
      counters.flatMap((counter, c) => [fail(2 * c, at + 2 * c, counter), fail(2 * c + 1, at + 2 * c + 1, counter)]),
    );
    expect(after.filter(({ changed }) => changed)).toEqual([BECAME_FAILED]);
    expect((await stored()).failures).toHaveLength(3);
    await Promise.all(counters.map((counter) => counter.close()));
  });

  test('that all ended in the millisecond of the change are told that they made it: never none of them', async () => {
    const counters = Array.from({ length: 8 }, () => new WebhookStatus({ db: database.db, policy: POLICY }));
    const at = Date.now();
    const after = await Promise.all(counters.map((counter, n) => fail(n, at, counter)));
    expect(after.filter(({ status: now }) => now === 'failed').length).toBeGreaterThanOrEqual(6);
    expect(after.filter(({ changed }) => changed)).toEqual(after.filter(({ status: now }) => now === 'failed'));
    expect((await stored()).statusChangedAt).toEqual(new Date(at));
    await Promise.all(counters.map((counter) => counter.close()));
  });

  test('that name a webhook of which the database refuses the change fail alone', async () => {
    const other = { companyId: 'other', webhookId: await inserted(store, 'other') };
    const refused = status.recordFailure({ companyId: COMPANY, webhookId, attemptId: '', startedAt: 1, at: 2 });
    const at = Date.now();
    const counted = status.recordFailure({ ...other, attemptId: 'a:1', startedAt: at, at });
    await expect(refused).rejects.toMatchObject({ name: 'InvariantError' });
    expect(await counted).toEqual(ACTIVE);
    await store.deleteWebhook(other);
  });
});

test('while MongoDB is away every report fails; what is reported again counts once', async () => {
  const connection = await database.connectAgain(proxy.uri);
  const fragile = new WebhookStatus({ db: connection.db, policy: POLICY });
  expect(await fail(1, 1_000, fragile)).toEqual(ACTIVE);
  await proxy.cut();
  await expect(fail(2, 1_001, fragile)).rejects.toMatchObject({ name: 'DependencyError' });
  await proxy.mend();
  const again = async () => {
    for (;;) {
      try {
        return await fail(2, 1_001, fragile);
      } catch {
        continue;
      }
    }
  };
  await again();
  await fail(1, 1_000, fragile);
  expect((await stored()).failures.map(({ attemptId }) => attemptId)).toEqual(['a:1', 'a:2']);
  await fragile.close();
}, 30_000);

test('MongoDB and the pure rules come to the same state, and the last fact hears of it, for every sequence and every grouping', async () => {
  const instant = fc.integer({ min: 0, max: 40 });
  const fact = fc.oneof(
    fc.record({
      kind: fc.constant('failure' as const),
      attemptId: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      startedAt: instant,
      at: instant,
      alone: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('success' as const), at: instant, alone: fc.boolean() }),
    fc.record({
      kind: fc.constant('probe-failed' as const),
      at: instant,
      openedAt: fc.integer({ min: 0, max: 3 }),
      dueAt: fc.integer({ min: 0, max: 5 }),
      probe: fc.integer({ min: 1, max: 4 }),
      notBefore: fc.integer({ min: 0, max: 100 }),
      alone: fc.boolean(),
    }),
  );
  const circuit = fc.option(
    fc.record({
      openedAt: fc.integer({ min: 0, max: 3 }),
      probes: fc.integer({ min: 0, max: 3 }),
      nextProbeAt: fc.integer({ min: 0, max: 5 }),
    }),
  );
  const beginning = fc.record({
    status: fc.constantFrom<Status>('active', 'active', 'failed', 'inactive'),
    failures: fc.uniqueArray(fc.record({ attemptId: fc.constantFrom('a', 'b', 'c'), at: instant }), {
      selector: ({ attemptId }) => attemptId,
      maxLength: 3,
    }),
    countsFrom: fc.integer({ min: 0, max: 15 }),
    circuit,
  });
  const policies = fc.record({
    threshold: fc.integer({ min: 1, max: 4 }),
    windowMs: fc.integer({ min: 1, max: 50 }),
    firstProbeMs: fc.integer({ min: 1, max: 9 }),
    maxProbeMs: fc.integer({ min: 10, max: 50 }),
  });

  await fc.assert(
    fc.asyncProperty(
      beginning,
      policies,
      fc.array(fact, { minLength: 1, maxLength: 14 }),
      async (first, policy, facts) => {
        await reset({
          status: first.status,
          failures: first.failures.map(({ attemptId, at }) => ({ attemptId, at: new Date(at) })),
          countsFrom: new Date(first.countsFrom),
          circuit: first.status === 'failed' ? storedCircuit(first.circuit) : null,
        });
        const counter = new WebhookStatus({ db: database.db, policy });
        const told: Promise<StatusAfter | void>[] = [];
        let state: CountingState = { ...first, circuit: first.status === 'failed' ? first.circuit : null };
        let hasChanged = false;
        for (const each of facts) {
          const before = state;
          if (each.kind === 'failure') {
            state = countFailure(state, each, policy);
            told.push(counter.recordFailure({ companyId: COMPANY, webhookId, ...each }));
          } else if (each.kind === 'probe-failed') {
            state = { ...state, ...reduceCircuit(state, each, policy) };
            told.push(counter.recordProbeFailure({ companyId: COMPANY, webhookId, ...each }));
          } else {
            state = countSuccess(state, each.at, policy);
            told.push(counter.recordSuccess({ companyId: COMPANY, webhookId, ...each }));
          }
          hasChanged = state.status !== before.status;
          if (each.alone) await Promise.all([counter.close(), ...told]);
        }
        await counter.close();
        const after = (await Promise.all(told)).at(-1);
        if (facts.at(-1)?.kind !== 'probe-failed') {
          expect(after?.status).toBe(state.status);
          if (hasChanged) expect(after?.changed).toBe(true);
        }
        const document = await stored();
        expect({
          status: document.status,
          failures: document.failures.map(({ attemptId, at }) => ({ attemptId, at: at.getTime() })),
          circuit: toCircuit(document.circuit),
        }).toEqual({ status: state.status, failures: state.failures, circuit: state.circuit });
      },
    ),
    { numRuns: 400 },
  );
}, 120_000);
