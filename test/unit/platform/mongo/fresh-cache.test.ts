import { describe, expect, test } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import type { ChangeFeedListener, Freshness } from '../../../../services/shared/platform/mongo/change-feed.js';
import { FreshCache } from '../../../../services/shared/platform/mongo/fresh-cache.js';
import type { WebhookChange } from '../../../../services/shared/platform/mongo/webhook-change.js';

/** What a company's entry holds here: the version of its one webhook, which is named after it. */
interface Value {
  readonly webhookId: string;
  readonly version: number;
}

class ScriptedFeed implements Freshness {
  heard = true;
  readonly readAfter = undefined;
  readonly #listeners: ChangeFeedListener[] = [];
  isHeard(): boolean {
    return this.heard;
  }
  subscribe(listener: ChangeFeedListener): void {
    this.#listeners.push(listener);
  }
  announce(webhookId: string, companyId?: string): void {
    const change: WebhookChange = { webhookId, companyId, changed: undefined, status: undefined, at: undefined };
    for (const listener of this.#listeners) listener.onChange(change);
  }
  gap(): void {
    for (const listener of this.#listeners) listener.onGap();
  }
}

interface Answer {
  readonly keys: readonly string[];
  readonly send: () => void;
  readonly fail: (error: Error) => void;
}

/** A database whose finds read at once and are answered when the test says so. */
function setUp(maxEntries = 100) {
  const feed = new ScriptedFeed();
  const versions = new Map<string, number>();
  const answers: Answer[] = [];
  const cache = new FreshCache<Value | undefined>({
    maxEntries,
    feed,
    readMany: (keys) => {
      const snapshot = new Map(
        keys.flatMap((key) => {
          const version = versions.get(key);
          return version === undefined ? [] : [[key, { webhookId: `wh_${key}`, version }] as const];
        }),
      );
      return new Promise((resolve, reject) => answers.push({ keys, send: () => resolve(snapshot), fail: reject }));
    },
    absent: undefined,
    webhookIdsOf: (value) => (value === undefined ? [] : [value.webhookId]),
    keyOf: (companyId) => companyId,
    mayHold: (key, webhookId) => webhookId === `wh_${key}`,
    concerns: () => true,
  });
  const load = async (key: string) => {
    const reading = cache.read(key);
    await turn();
    await turn();
    answers.shift()?.send();
    return reading;
  };
  const now = () => performance.now();
  return { feed, versions, answers, cache, load, now };
}

describe('an entry', () => {
  test('is served for 40 to 60 s while the feed is heard, for 1 s while it is not', async () => {
    const { feed, versions, cache, load, now } = setUp();
    versions.set('c1', 1);
    await load('c1');
    expect(cache.get('c1', now() + 39_000)?.value?.version).toBe(1);
    expect(cache.get('c1', now() + 61_000)).toBeUndefined();
    feed.heard = false;
    expect(cache.get('c1', now() + 900)?.value?.version).toBe(1);
    expect(cache.get('c1', now() + 1_100)).toBeUndefined();
  });

  test('is not read again in one moment with all those that were read together', async () => {
    const { answers, cache, now } = setUp(2_000);
    const keys = Array.from({ length: 2_000 }, (_, n) => `c${n}`);
    const readings = keys.map((key) => cache.read(key));
    await turn();
    await turn();
    answers.forEach(({ send }) => send());
    await Promise.all(readings);
    const begun = now();
    const keptFor = (ms: number): number => keys.filter((key) => cache.get(key, begun + ms) !== undefined).length;
    expect([41_000, 45_000, 50_000, 55_000, 59_000].map(keptFor).map((kept) => Math.round(kept / 500))).toEqual([
      4, 3, 2, 1, 0,
    ]);
  });

  test('that says "there is none" is kept too', async () => {
    const { cache, load, now } = setUp();
    await load('c1');
    expect(cache.get('c1', now())).toMatchObject({ value: undefined });
  });

  test('is dropped by a change that names its webhook, or its company', async () => {
    const { feed, versions, cache, load, now } = setUp();
    versions.set('c1', 1);
    await load('c1');
    feed.announce('wh_c1');
    expect(cache.get('c1', now())).toBeUndefined();
    await load('c1');
    feed.announce('wh_new', 'c1');
    expect(cache.get('c1', now())).toBeUndefined();
  });

  test('that a change drops is read again at once, together with all that changed with it', async () => {
    const { feed, versions, answers, cache, load, now } = setUp();
    for (const key of ['c1', 'c2', 'c3']) {
      versions.set(key, 1);
      await load(key);
    }
    for (const key of ['c1', 'c2']) {
      versions.set(key, 2);
      feed.announce(`wh_${key}`);
    }
    await turn();
    await turn();
    expect(answers.map(({ keys }) => keys)).toEqual([['c1', 'c2']]);
    const asked = cache.read('c1');
    answers.shift()?.send();
    expect(await asked).toMatchObject({ version: 2 });
    await turn();
    expect(['c1', 'c2', 'c3'].map((key) => cache.get(key, now())?.value?.version)).toEqual([2, 2, 1]);
    expect(answers).toHaveLength(0);
  });

  test('that a change drops is left until it is asked for where the reading fails, and where very many change', async () => {
    const { feed, answers, cache, load, versions, now } = setUp(1_000);
    const keys = Array.from({ length: 300 }, (_, n) => `c${n}`);
    for (const key of keys) {
      versions.set(key, 1);
      await load(key);
    }
    for (const key of keys) feed.announce(`wh_${key}`);
    await turn();
    await turn();
    expect(answers.map((answer) => answer.keys.length)).toEqual([100]);
    answers.shift()?.fail(new Error('away'));
    await turn();
    expect(keys.filter((key) => cache.get(key, now()) !== undefined)).toEqual([]);
    expect(await load('c299')).toMatchObject({ version: 1 });
  });

  test('stays when another webhook changes', async () => {
    const { feed, versions, cache, load, now } = setUp();
    versions.set('c1', 1);
    await load('c1');
    feed.announce('wh_c2');
    feed.announce('wh_c3', 'c3');
    expect(cache.get('c1', now())).toBeDefined();
  });

  test('is dropped by a gap', async () => {
    const { feed, versions, cache, load, now } = setUp();
    versions.set('c1', 1);
    await load('c1');
    feed.gap();
    expect(cache.get('c1', now())).toBeUndefined();
  });

  test('gives way when there are too many, and leaves nothing behind', async () => {
    const { feed, versions, cache, load } = setUp(2);
    for (const key of ['c1', 'c2', 'c3']) {
      versions.set(key, 1);
      await load(key);
    }
    expect(cache.size).toBe(2);
    feed.announce('wh_c1');
    expect(cache.counters.invalidated).toBe(0);
  });
});

describe('a reading', () => {
  test('is shared by all who ask meanwhile, and reads all keys of one turn together', async () => {
    const { answers, cache } = setUp();
    const readings = [cache.read('c1'), cache.read('c2'), cache.read('c1')];
    await turn();
    await turn();
    expect(answers.map(({ keys }) => keys)).toEqual([['c1', 'c2']]);
    answers[0]?.send();
    await Promise.all(readings);
  });

  test.each(['a change of the webhook', 'a change that names the company', 'a gap'])(
    'that %s overtakes is not kept but begun anew, also for those who wait',
    async (kind) => {
      const { feed, versions, answers, cache, now } = setUp();
      versions.set('c1', 1);
      const reading = cache.read('c1');
      await turn();
      await turn();
      versions.set('c1', 2);
      if (kind === 'a gap') feed.gap();
      else feed.announce('wh_c1', kind === 'a change of the webhook' ? undefined : 'c1');
      const later = cache.read('c1');
      await turn();
      await turn();
      expect(answers).toHaveLength(2);
      for (const answer of answers) answer.send();
      expect(await reading).toMatchObject({ version: 2 });
      expect(await later).toMatchObject({ version: 2 });
      expect(cache.get('c1', now())?.value?.version).toBe(2);
      expect(answers).toHaveLength(2);
    },
  );

  test('that is overtaken again and again gives out its last value, unkept', async () => {
    const { feed, versions, answers, cache, now } = setUp();
    const reading = cache.read('c1');
    for (let version = 1; version <= 3; version += 1) {
      versions.set('c1', version);
      await turn();
      await turn();
      feed.announce('wh_c1');
      answers.shift()?.send();
      await turn();
    }
    expect(await reading).toMatchObject({ version: 3 });
    expect(answers).toHaveLength(0);
    expect(cache.get('c1', now())).toBeUndefined();
  });

  test('that fails fails all who wait, and the next one asks again', async () => {
    const { versions, answers, cache, load } = setUp();
    versions.set('c1', 1);
    const readings = [cache.read('c1'), cache.read('c1')];
    await turn();
    await turn();
    answers.shift()?.fail(new Error('away'));
    const settled = await Promise.allSettled(readings);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await load('c1')).toMatchObject({ version: 1 });
  });
});

test('whatever the order of saves, announcements, gaps and answers, no entry outlives the announcement of its change', async () => {
  const key = fc.constantFrom('a', 'b');
  const step = fc.oneof(
    { arbitrary: fc.record({ kind: fc.constantFrom('save', 'read', 'serve'), key }), weight: 8 },
    { arbitrary: fc.record({ kind: fc.constantFrom('announce', 'answer'), key }), weight: 8 },
    { arbitrary: fc.record({ kind: fc.constant('gap'), key }), weight: 1 },
  );

  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const { feed, versions, answers, cache, now } = setUp(1);
      const announced = new Map<string, number>();
      const saved: { key: string; version: number; insert: boolean }[] = [];
      const readings: Promise<unknown>[] = [];
      const announceNext = () => {
        const next = saved.shift();
        if (next === undefined) return;
        announced.set(next.key, next.version);
        feed.announce(`wh_${next.key}`, next.insert ? next.key : undefined);
      };
      for (const one of steps) {
        if (one.kind === 'save') {
          const version = (versions.get(one.key) ?? 0) + 1;
          versions.set(one.key, version);
          saved.push({ key: one.key, version, insert: version === 1 });
        } else if (one.kind === 'read') readings.push(cache.read(one.key));
        else if (one.kind === 'announce') announceNext();
        else if (one.kind === 'gap') {
          // Opened anew: everything saved so far counts as announced, without being named.
          for (const { key: changed, version } of saved.splice(0)) announced.set(changed, version);
          feed.gap();
        } else if (one.kind === 'answer') {
          await turn();
          answers.shift()?.send();
        } else {
          const entry = cache.get(one.key, now());
          if (entry !== undefined) {
            expect(entry.value?.version ?? 0).toBeGreaterThanOrEqual(announced.get(one.key) ?? 0);
          }
        }
        await turn();
      }
      while (saved.length > 0) announceNext();
      for (let pending = true; pending;) {
        await turn();
        await turn();
        pending = answers.length > 0;
        for (const answer of answers.splice(0)) answer.send();
      }
      await Promise.all(readings);
      for (const each of ['a', 'b']) {
        const entry = cache.get(each, now());
        if (entry !== undefined) expect(entry.value?.version).toBe(versions.get(each));
      }
    }),
    { numRuns: 300 },
  );
});
