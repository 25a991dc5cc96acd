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
import { WebhookStatus } from '../../../services/shared/platform/mongo/webhook-status.js';
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
  const { openedAt, probes, nextProbeAt, leaseUntil } = circuit;
  return {
    openedAt: new Date(openedAt),
    probes,
    nextProbeAt: new Date(nextProbeAt),
    leaseUntil: leaseUntil === null ? null : new Date(leaseUntil),
  };
}

async function stored(): Promise<WebhookDocument> {
  const document = await collection.findOne({ _id: webhookId, companyId: COMPANY });
  if (document === null) throw new Error('the webhook does not exist');
  return document;
}

const fail = (n: number, at: number, counter = status) =>
  counter.recordFailure({ companyId: COMPANY, webhookId, attemptId: `a:${n}`, startedAt: at - 1, at });
const succeed = (at: number, counter = status) => counter.recordSuccess({ companyId: COMPANY, webhookId, at });
const updates = () => database.commands.filter(({ commandName }) => commandName === 'findAndModify').length;

describe('a webhook', () => {
  test('becomes Failed with the third failure within 24 h, and says why and since when', async () => {
    const at = Date.now();
    expect(await fail(1, at)).toBe('counted');
    expect(await fail(2, at + 1)).toBe('counted');
    expect(await stored()).toMatchObject({ status: 'active', statusReason: null });
    expect(await fail(3, at + 2)).toBe('became-failed');
    expect(await stored()).toMatchObject({
      status: 'failed',
      statusReason: '3 failed attempts within 24 h with no success between them',
      statusChangedAt: new Date(at + 2),
      version: 1,
      circuit: { openedAt: new Date(at + 2), probes: 0, nextProbeAt: new Date(at + 3_002), leaseUntil: null },
    });
    expect(await fail(4, at + 3)).toBe('still-failed');
    expect(await stored()).toMatchObject({
      status: 'failed',
      statusChangedAt: new Date(at + 2),
      failures: [{ attemptId: 'a:2' }, { attemptId: 'a:3' }, { attemptId: 'a:4' }],
    });
  });

  test('becomes Active again with a success', async () => {
    for (const n of [1, 2, 3]) await fail(n, 1_000 + n);
    expect(await succeed(2_000)).toBe('became-active');
    expect(await stored()).toMatchObject({ status: 'active', statusReason: null, failures: [], circuit: null });
    expect(await succeed(3_000)).toBe('unchanged');
  });

  test('that a success below the threshold finds is reset', async () => {
    await fail(1, 1_000);
    expect(await succeed(2_000)).toBe('reset');
    expect(await stored()).toMatchObject({ status: 'active', failures: [] });
  });

  test('never counts a redelivered attempt twice, nor one that began before it was enabled or edited', async () => {
    await fail(1, 1_000);
    expect(await fail(1, 1_000)).toBe('ignored');
    expect(await fail(1, 5_000)).toBe('ignored');
    await reset({ countsFrom: new Date(10_000) });
    expect(await fail(2, 10_000)).toBe('ignored');
    expect(await fail(3, 10_001)).toBe('counted');
    expect((await stored()).failures).toEqual([{ attemptId: 'a:3', at: new Date(10_001) }]);
  });

  test('that is Inactive, deleted or of another company stays as it is', async () => {
    await reset({ status: 'inactive', failures: [{ attemptId: 'a:0', at: new Date(1) }] });
    const before = await stored();
    expect([await fail(1, 1_000), await succeed(2_000)]).toEqual(['ignored', 'unchanged']);
    const foreign = { companyId: 'c2', webhookId, attemptId: 'a:1', startedAt: 1, at: 2 };
    expect([await status.recordFailure(foreign), await status.recordSuccess(foreign)]).toEqual([
      'ignored',
      'unchanged',
    ]);
    expect(await stored()).toEqual(before);
    const gone = { ...foreign, companyId: COMPANY, webhookId: 'wh_gone' };
    expect([await status.recordFailure(gone), await status.recordSuccess(gone)]).toEqual(['ignored', 'unchanged']);
  });

  test('is not written when there is nothing to change', async () => {
    await fail(1, 1_000);
    const before = await stored();
    const replies: { lastErrorObject?: { n: number } }[] = [];
    const listen = ({ commandName, reply }: { commandName: string; reply: unknown }) => {
      if (commandName === 'findAndModify') replies.push(reply as { lastErrorObject: { n: number } });
    };
    database.client.on('commandSucceeded', listen);
    await Promise.all([succeed(500), fail(1, 1_000)]);
    database.client.off('commandSucceeded', listen);
    expect(replies.map(({ lastErrorObject }) => lastErrorObject?.n)).toEqual([0]);
    expect(await stored()).toEqual(before);
  });

  test('may have attempts whose ids mean something to MongoDB', async () => {
    const attemptId = '$countsFrom';
    expect(await status.recordFailure({ companyId: COMPANY, webhookId, attemptId, startedAt: 1, at: 2 })).toBe(
      'counted',
    );
    expect((await stored()).failures).toEqual([{ attemptId, at: new Date(2) }]);
  });
});

describe('an endpoint that answers 410', () => {
  const gone = (startedAt: number) =>
    status.recordGone({ companyId: COMPANY, webhookId, startedAt, at: startedAt + 1 });

  test('makes its webhook Inactive, with the reason; once', async () => {
    for (const n of [1, 2, 3]) await fail(n, 1_000 + n);
    expect([await gone(5_000), await gone(5_000)]).toEqual([true, false]);
    expect(await stored()).toMatchObject({
      status: 'inactive',
      statusReason: expect.stringContaining('410 Gone'),
      statusChangedAt: new Date(5_001),
      failures: [],
      circuit: null,
    });
  });

  test('changes nothing when the webhook was enabled or edited since the attempt began', async () => {
    await reset({ countsFrom: new Date(10_000) });
    expect([await gone(9_999), (await stored()).status]).toEqual([false, 'active']);
    expect([await gone(10_000), (await stored()).status]).toEqual([true, 'inactive']);
  });
});

describe('many facts at once', () => {
  test('of one webhook are few updates', async () => {
    const at = Date.now();
    const counts = await Promise.all(Array.from({ length: 500 }, (_, n) => fail(n, at + n)));
    expect(counts.filter((count) => count === 'became-failed')).toHaveLength(1);
    expect(counts.filter((count) => count === 'still-failed')).toHaveLength(497);
    expect(updates()).toBeLessThanOrEqual(3);
    expect((await stored()).failures.map(({ attemptId }) => attemptId)).toEqual(['a:497', 'a:498', 'a:499']);
  });

  test('from several processes lose nothing: exactly one tells that the webhook became Failed', async () => {
    const counters = Array.from({ length: 8 }, () => new WebhookStatus({ db: database.db, policy: POLICY }));
    const at = Date.now();
    const counts = await Promise.all(
      counters.flatMap((counter, c) => [fail(2 * c, at, counter), fail(2 * c + 1, at, counter)]),
    );
    expect(counts.filter((count) => count === 'became-failed')).toHaveLength(1);
    expect(counts.filter((count) => count === 'ignored')).toHaveLength(0);
    await Promise.all(counters.map((counter) => counter.close()));
  });
});

test('while MongoDB is away every report fails; what is reported again counts once', async () => {
  const connection = await database.connectAgain(proxy.uri);
  const fragile = new WebhookStatus({ db: connection.db, policy: POLICY });
  expect(await fail(1, 1_000, fragile)).toBe('counted');
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
  expect(await fail(1, 1_000, fragile)).toBe('ignored');
  expect((await stored()).failures.map(({ attemptId }) => attemptId)).toEqual(['a:1', 'a:2']);
  await fragile.close();
}, 30_000);

test('MongoDB and the pure rules come to the same state and tell the same, for every sequence and every grouping', async () => {
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
      probe: fc.integer({ min: 1, max: 4 }),
      alone: fc.boolean(),
    }),
  );
  const circuit = fc.option(
    fc.record({
      openedAt: fc.integer({ min: 0, max: 3 }),
      probes: fc.integer({ min: 0, max: 3 }),
      nextProbeAt: instant,
      leaseUntil: fc.option(instant),
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
        const told: Promise<string>[] = [];
        const expected: string[] = [];
        let state: CountingState = { ...first, circuit: first.status === 'failed' ? first.circuit : null };
        for (const each of facts) {
          const before = state;
          if (each.kind === 'failure') {
            state = countFailure(state, each, policy);
            const failed = before.status === 'failed' ? 'still-failed' : 'became-failed';
            expected.push(state === before ? 'ignored' : state.status === 'failed' ? failed : 'counted');
            told.push(counter.recordFailure({ companyId: COMPANY, webhookId, ...each }));
          } else if (each.kind === 'probe-failed') {
            const after = reduceCircuit(state, each, policy);
            expected.push(after === state ? 'ignored' : 'backed-off');
            state = { ...state, ...after };
            told.push(counter.recordProbeFailure({ companyId: COMPANY, webhookId, ...each }));
          } else {
            state = countSuccess(state, each.at, policy);
            expected.push(state === before ? 'unchanged' : state.status === before.status ? 'reset' : 'became-active');
            told.push(counter.recordSuccess({ companyId: COMPANY, webhookId, ...each }));
          }
          if (each.alone) await Promise.all([counter.close(), ...told]);
        }
        await counter.close();
        expect(await Promise.all(told)).toEqual(expected);
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
