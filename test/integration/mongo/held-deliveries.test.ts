import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { AbstractCursor, FindCursor } from 'mongodb';
import { HeldDeliveries } from '../../../services/shared/platform/mongo/held-deliveries.js';
import type { RecoveryDocument } from '../../../services/shared/platform/mongo/recovery-document.js';
import { Recoveries } from '../../../services/shared/platform/mongo/recoveries.js';
import { WebhookStore } from '../../../services/shared/platform/mongo/webhooks.js';
import { jobOf, NOW, sourceOf } from '../../support/samples.js';
import { ENDPOINT, inserted, testVault } from './fixtures.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

const POLICY = { maxEvents: 5, maxBytes: 1_000, maxAgeMs: 60_000 };
const REF = { companyId: 'company_1', webhookId: 'wh_1' };
const LEASE_MS = 30_000;

let database: TestDatabase;
let held: HeldDeliveries;

beforeAll(async () => {
  database = await openTestDatabase();
});

beforeEach(async () => {
  await database.db.collection('held_deliveries').deleteMany({});
  await database.db.collection('recoveries').deleteMany({});
  held = new HeldDeliveries({ db: database.db, policy: POLICY });
});

afterAll(() => database.end());

const hold = (jobId: string, overrides: Parameters<typeof jobOf>[0] = {}, owed = false) =>
  held.hold(jobOf({ jobId, ...overrides }), owed, NOW);
const names = async (limit = 10) => (await held.oldest(REF, limit)).map(({ job }) => job.jobId);
const recoveries = (holder: string) => new Recoveries({ db: database.db, holder, leaseMs: LEASE_MS });
const recovery = () => database.db.collection<RecoveryDocument>('recoveries').findOne({ _id: 'wh_1' });

describe('what is held', () => {
  test('comes back as it was, with the wait that its endpoint asked for, and tells when it is too old', async () => {
    const job = jobOf({ jobId: 'a', attempt: 2, postponed: 1, notBefore: NOW + 3_000, lane: 'overflow' });
    expect(await held.hold(job, false, NOW)).toBe('held');
    expect(await held.oldest(REF, 1)).toEqual([{ job, expiresAt: NOW + POLICY.maxAgeMs }]);
    expect(await held.first(REF)).toEqual({ job, expiresAt: NOW + POLICY.maxAgeMs });
  });

  test('is in the order of the events, also of those that were received within one millisecond', async () => {
    await Promise.all([
      hold('c', { source: sourceOf(10) }),
      hold('a', { receivedAt: NOW - 1, source: sourceOf(12) }),
      hold('b', { source: sourceOf(9) }),
    ]);
    expect(await names()).toEqual(['a', 'b', 'c']);
    expect(await names(2)).toEqual(['a', 'b']);
  });

  test('is held once, however often its record comes', async () => {
    expect(await Promise.all([hold('a'), hold('a')])).toEqual(['held', 'held']);
    expect(await hold('a')).toBe('held');
    expect(await names()).toEqual(['a']);
  });

  test('is never without a recovery that will find it: that is there before, and again if it ended in between', async () => {
    database.commands.length = 0;
    await hold('a');
    await hold('b');
    await pause(1_100);
    await hold('c');
    const writes = database.commands.filter(({ commandName }) => ['update', 'insert'].includes(commandName));
    expect(writes.map(({ command, commandName }) => `${commandName} ${String(command[commandName])}`)).toEqual([
      'update recoveries',
      'insert held_deliveries',
      'update recoveries',
      // Told of it just now, it is there still.
      'insert held_deliveries',
      'update recoveries',
      'update recoveries',
      'insert held_deliveries',
      'update recoveries',
    ]);
  });

  test('is read by pages of 4 MiB of bodies, and of one event however large it is', async () => {
    const roomy = new HeldDeliveries({ db: database.db, policy: { ...POLICY, maxEvents: 100, maxBytes: 100_000_000 } });
    const sizes = [1_500_000, 1_500_000, 1_500_000, 5_000_000, 10];
    for (const [index, size] of sizes.entries()) {
      const job = jobOf({ jobId: `${index}`, receivedAt: NOW + index, body: Buffer.alloc(size, 1) });
      expect(await roomy.hold(job, false, NOW)).toBe('held');
    }
    const pages: string[] = [];
    for (let page = await roomy.oldest(REF, 100); page.length > 0; page = await roomy.oldest(REF, 100)) {
      pages.push(page.map(({ job }) => job.jobId).join(' '));
      await roomy.remove(
        REF,
        page.map(({ job }) => `${job.jobId}:1`),
      );
    }
    expect(pages).toEqual(['0 1', '2', '3', '4']);
    await roomy.close();
  });

  test('is found by the oldest of each webhook, with one command for all that ask together', async () => {
    const many = Array.from({ length: 300 }, (_, n) => ({ companyId: `company_${n % 7}`, webhookId: `many_${n}` }));
    const roomy = new HeldDeliveries({ db: database.db, policy: { ...POLICY, maxEvents: 100, maxBytes: 100_000 } });
    const jobs = many.flatMap((ref, n) =>
      [2, 1].map((age) => jobOf({ ...ref, jobId: `${n}-${age}`, receivedAt: NOW - age })),
    );
    await Promise.all(jobs.map((job) => roomy.hold(job, false, NOW)));
    database.commands.length = 0;
    const foreign = { companyId: 'company_1', webhookId: 'many_0' };
    const firsts = await Promise.all([...many, foreign].map((ref) => roomy.first(ref)));
    expect(firsts.map((first) => first?.job.jobId)).toEqual([...many.map((_, n) => `${n}-2`), undefined]);
    expect(firsts[0]?.expiresAt).toBe(NOW - 2 + POLICY.maxAgeMs);
    expect(database.commands.filter(({ commandName }) => commandName === 'aggregate')).toHaveLength(1);
    await roomy.close();
  });

  test('belongs to its company: another company’s webhook of the same name sees nothing of it', async () => {
    await hold('a');
    const foreign = { ...REF, companyId: 'company_2' };
    await held.remove(foreign, ['a:1']);
    expect([await held.oldest(foreign, 10), await names()]).toEqual([[], ['a']]);
  });

  test('is bounded by count; what is held already isn’t refused when it comes again, nor is what is still owed', async () => {
    const results = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((jobId) => hold(jobId)));
    expect(results).toEqual(['held', 'held', 'held', 'held', 'held', 'full']);
    expect([await hold('a'), await hold('f'), await hold('g', { attempt: 2 }, true)]).toEqual(['held', 'full', 'held']);
    expect(await names()).toEqual(expect.arrayContaining(['a', 'b', 'c', 'd', 'e', 'g']));
  });

  test('is bounded by bytes, and has room again when something is removed', async () => {
    const body = Buffer.alloc(600);
    expect([await hold('a', { body }), await hold('b', { body })]).toEqual(['held', 'full']);
    await held.remove(REF, ['a:1']);
    expect(await hold('b', { body })).toBe('held');
  });

  test('is not counted again because some of it is removed, while there is much room', async () => {
    const roomy = new HeldDeliveries({ db: database.db, policy: { ...POLICY, maxEvents: 1_000, maxBytes: 1_000_000 } });
    database.commands.length = 0;
    for (const jobId of ['a', 'b', 'c']) {
      await roomy.hold(jobOf({ jobId }), false, NOW);
      await roomy.remove(REF, [`${jobId}:1`]);
    }
    expect(database.commands.filter(({ commandName }) => commandName === 'aggregate')).toHaveLength(1);
    await roomy.close();
  });

  test('of several webhooks is counted by one command, each for itself, and again after a while only', async () => {
    const full = { webhookId: 'wh_full', companyId: 'company_2' };
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((jobId) => hold(jobId, full)));
    const fresh = new HeldDeliveries({ db: database.db, policy: POLICY });
    database.commands.length = 0;
    const results = ['x', 'y'].flatMap((jobId) =>
      [{}, full].map((of) => fresh.hold(jobOf({ jobId, ...of }), false, NOW)),
    );
    expect(await Promise.all(results)).toEqual(['held', 'full', 'held', 'full']);
    await fresh.hold(jobOf({ jobId: 'z' }), false, NOW);
    expect(database.commands.filter(({ commandName }) => commandName === 'aggregate')).toHaveLength(1);
  });

  test('counts nothing that could not be written', async () => {
    const fresh = new HeldDeliveries({ db: database.db, policy: POLICY });
    const invalid = Array.from({ length: 5 }, (_, n) => jobOf({ jobId: `bad ${n}`, attempt: 0 }));
    const refused = await Promise.allSettled(invalid.map((job) => fresh.hold(job, false, NOW)));
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set(['rejected']));
    expect(await fresh.hold(jobOf({ jobId: 'a' }), false, NOW)).toBe('held');
  });

  test('is counted by the index alone', async () => {
    await hold('a');
    const plan = await database.db
      .collection('held_deliveries')
      .find({ companyId: 'company_1', webhookId: 'wh_1' })
      .project({ _id: 0, bytes: 1, companyId: 1, webhookId: 1 })
      .explain('executionStats');
    expect((plan as { executionStats: unknown }).executionStats).toMatchObject({ totalDocsExamined: 0 });
  });
});

describe('a recovery', () => {
  const now = new Date(NOW + 10);

  test('is leased by one process; by another when the lease has ended', async () => {
    await hold('a');
    const [one, other] = [recoveries('one'), recoveries('other')];
    const leased = await Promise.all([one.lease(10, now), other.lease(10, now)]);
    expect(leased.flatMap(({ leases }) => leases)).toEqual([{ ...REF, holds: 2, pokes: 0, leasedAt: now.getTime() }]);
    const holder = leased[0].leases.length === 1 ? 'one' : 'other';
    expect(await recoveries(holder).renew([REF], new Date(NOW + 1_000))).toEqual([]);
    expect(await other.lease(10, new Date(NOW + LEASE_MS + 999))).toEqual({ leases: [], quiet: true });
    expect((await other.lease(10, new Date(NOW + LEASE_MS + 1_000))).leases).toHaveLength(1);
  });

  test('whose lease another took meanwhile is told when it is renewed', async () => {
    await hold('a');
    await hold('b', { webhookId: 'wh_2' });
    const [sleeper, other] = [recoveries('sleeper'), recoveries('other')];
    const { leases } = await sleeper.lease(10, now);
    expect(leases).toHaveLength(2);
    const later = new Date(NOW + LEASE_MS + 1_000);
    expect((await other.lease(1, later)).leases).toHaveLength(1);
    const lost = await sleeper.renew(leases, later);
    const [taken] = await database.db.collection<RecoveryDocument>('recoveries').find({ holder: 'other' }).toArray();
    expect(lost.map(({ webhookId }) => webhookId)).toEqual([taken?._id]);
  });

  test('of many webhooks are leased together: each by one process, however many ask at the same instant', async () => {
    const webhookIds = Array.from({ length: 20 }, (_, n) => `wh_${n}`);
    await Promise.all(webhookIds.map((webhookId) => hold(webhookId, { webhookId, companyId: `co_${webhookId}` })));
    database.commands.length = 0;
    const taken = await Promise.all([recoveries('p1').lease(15, now), recoveries('p2').lease(15, now)]);
    expect(database.commands.length).toBeLessThanOrEqual(6);
    const ids = taken.flatMap(({ leases }) => leases).map(({ webhookId }) => webhookId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { leases } of taken) expect(leases.length).toBeLessThanOrEqual(15);
    const { leases: rest } = await recoveries('p3').lease(20, now);
    expect([...ids, ...rest.map(({ webhookId }) => webhookId)].sort()).toEqual([...webhookIds].sort());
    for (const { companyId, webhookId, holds, pokes } of rest)
      expect({ companyId, holds, pokes }).toEqual({ companyId: `co_${webhookId}`, holds: 2, pokes: 0 });
  });

  test('that ends and begins anew between the look for it and its lease isn’t taken for the old one', async () => {
    await hold('a');
    const all = database.db.collection<RecoveryDocument>('recoveries');
    const looking = jest.spyOn(FindCursor.prototype, 'toArray');
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its cursor
    const original = AbstractCursor.prototype.toArray;
    looking.mockImplementationOnce(async function (this: FindCursor): Promise<unknown[]> {
      const found: unknown[] = await original.call(this);
      await all.updateOne({ _id: 'wh_1', companyId: REF.companyId }, { $set: { holds: 1 } });
      return found;
    });
    const one = recoveries('one');
    expect((await one.lease(1, now)).leases).toEqual([]);
    looking.mockRestore();
    expect((await one.lease(1, now)).leases).toMatchObject([{ holds: 1 }]);
  });

  test('ends only if nothing was held since it was leased', async () => {
    await hold('a');
    const one = recoveries('one');
    const [lease] = (await one.lease(1, now)).leases;
    if (lease === undefined) throw new Error('not leased');
    await hold('b');
    expect(await one.end(lease)).toBe(false);
    await one.putOff(lease, now);
    const [again] = (await one.lease(1, now)).leases;
    if (again === undefined) throw new Error('not leased');
    expect(await one.end(again)).toBe(true);
    expect(await recovery()).toBeNull();
    expect(await one.lease(1, now)).toEqual({ leases: [], quiet: true });
  });

  test('that a person asked for, or whose turn is given on, goes before all probes that are late', async () => {
    const store = new WebhookStore({ db: database.db, vault: testVault(database.db) });
    const webhookId = await inserted(store, 'company_1');
    const ref = { companyId: 'company_1', webhookId };
    await hold('b', { webhookId: 'wh_b' });
    const one = recoveries('one');
    const [backlog] = (await one.lease(1, now)).leases;
    await hold('a', { webhookId });
    for (let n = 0; n < 5; n += 1) await hold(`late${n}`, { webhookId: `wh_late${n}` });
    const halfAnHourLater = new Date(NOW + 1_800_000);
    await store.setStatus(ref, 'active', halfAnHourLater);
    await one.giveTurn(backlog!, halfAnHourLater);
    const { leases: leased } = await one.lease(2, halfAnHourLater);
    expect(leased.map((lease) => lease.webhookId).sort()).toEqual([webhookId, 'wh_b'].sort());
    expect((await one.lease(10, halfAnHourLater)).leases).toHaveLength(5);
  });

  test('is put off, unless a person asked to look at once meanwhile', async () => {
    const store = new WebhookStore({ db: database.db, vault: testVault(database.db) });
    const webhookId = await inserted(store, 'company_1');
    const later = new Date(NOW + 60_000);
    await hold('a', { webhookId });
    const one = recoveries('one');
    const [first] = (await one.lease(1, now)).leases;
    await one.putOff(first!, later);
    expect(await one.lease(1, now)).toEqual({ leases: [], quiet: false });
    await store.setStatus({ companyId: 'company_1', webhookId }, 'active', now);
    const [second] = (await one.lease(1, now)).leases;
    await store.replaceEndpoint({ companyId: 'company_1', webhookId }, ENDPOINT, now);
    await one.putOff(second!, later);
    expect((await one.lease(1, now)).leases).toHaveLength(1);
  });
});
