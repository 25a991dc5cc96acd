import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Scheduler, type PaceKind, type Schedulable } from '../../../services/delivery-consumer/scheduler.js';
import { paceOf, type SetPace } from '../../support/paces.js';

/**
 * The naive model: a list of all jobs held, in the order of admission, and searches through it. It doesn't say which
 * webhook is next, it says which jobs may go: those whose webhook and whose conversation are free, the oldest of its
 * conversation; and of its webhook's the one that was admitted first.
 */
interface Item extends Schedulable {
  readonly number: number;
}

interface Bounds {
  readonly inFlight: number;
  readonly slowInFlight: number;
  readonly unknownInFlight: number;
}

const MAX_CAP = 4;

/** In the order in which they go. */
const KINDS: readonly PaceKind[] = ['fast', 'unknown', 'slow'];
const WEBHOOKS = 6;
type Paces = ReadonlyMap<string, SetPace>;

const lineOf = ({ job }: Item): string => `${job.webhookId} ${job.conversationId}`;
const mayLeave = ({ number }: Item): boolean => number % 7 !== 0;
/** A partition pins, and the jobs of a conversation are in one partition. */
const pins = ({ job }: Item): boolean => job.conversationId === 'c0' || job.conversationId === 'c2';

class Model {
  readonly #limits: Bounds;
  readonly #paces: Paces;
  /** Not landed. */
  readonly held: Item[] = [];
  readonly flying = new Set<Item>();
  readonly landed = new Set<Item>();
  #fastInARow = 0;
  /** For each webhook that could go: which others went since it could. */
  readonly #passedBy = new Map<string, string[]>();

  constructor(limits: Bounds, paces: Paces) {
    this.#limits = limits;
    this.#paces = paces;
  }

  kindOf(webhookId: string): PaceKind | undefined {
    return this.#paces.get(webhookId)?.kind;
  }

  /** A webhook turned fast or slow: it goes to the end of its new like. */
  turned(webhookId: string): void {
    this.#passedBy.delete(webhookId);
    this.#note();
  }

  admit(item: Item): void {
    this.held.push(item);
    this.#note();
  }

  land(item: Item): void {
    this.flying.delete(item);
    this.held.splice(this.held.indexOf(item), 1);
    this.landed.add(item);
    this.#note();
  }

  /** Takes out what waits for slow webhooks that are pinned, conversations of which a job has to stay excepted. */
  evict(): Item[] {
    const ofSlow = this.held.filter((item) => !this.flying.has(item) && this.kindOf(item.job.webhookId) === 'slow');
    const heads = ofSlow.filter((item) => ofSlow.find((other) => lineOf(other) === lineOf(item)) === item);
    const pinned = new Set(heads.filter(pins).map(({ job }) => job.webhookId));
    const waiting = ofSlow.filter(({ job }) => pinned.has(job.webhookId));
    const stays = new Set(waiting.filter((item) => !mayLeave(item)).map(lineOf));
    const evicted = waiting.filter((item) => !stays.has(lineOf(item)));
    for (const item of evicted) this.held.splice(this.held.indexOf(item), 1);
    this.#note();
    return evicted;
  }

  release(item: Item): void {
    if (this.flying.has(item)) this.land(item);
    this.landed.delete(item);
  }

  /** Checks that the job may go, and that nobody who could go has waited for more than one turn of any other. */
  take(item: Item | undefined): void {
    const free = this.held.filter((other) => this.#mayGo(other));
    if (free.length === 0) {
      expect(item).toBeUndefined();
      return;
    }
    expect(item).toBeDefined();
    if (item === undefined) return;
    expect(free).toContain(item);
    // Held is in the order of admission.
    expect(item).toBe(free.find(({ job }) => job.webhookId === item.job.webhookId));
    const kind = this.kindOf(item.job.webhookId);
    const [first, second] = KINDS.filter((one) => free.some(({ job }) => this.kindOf(job.webhookId) === one));
    expect(kind).toBe(first === 'fast' && this.#fastInARow >= 7 ? (second ?? first) : first);
    this.#fastInARow = kind === 'fast' ? this.#fastInARow + 1 : 0;
    this.#passedBy.delete(item.job.webhookId);
    for (const [webhookId, passedBy] of this.#passedBy) {
      if (this.kindOf(webhookId) !== kind) continue;
      expect(passedBy).not.toContain(item.job.webhookId);
      passedBy.push(item.job.webhookId);
    }
    this.flying.add(item);
    this.#note();
  }

  /** The jobs that nothing but a place is missing for. */
  isWaitedFor(webhookId: string): boolean {
    return this.held.some((item) => item.job.webhookId === webhookId && !this.flying.has(item) && this.#isFirst(item));
  }

  #isFirst(item: Item): boolean {
    return this.held.find((other) => lineOf(other) === lineOf(item)) === item;
  }

  #mayGo(item: Item): boolean {
    if (this.flying.has(item)) return false;
    const { webhookId } = item.job;
    const ofWebhook = [...this.flying].filter(({ job }) => job.webhookId === webhookId);
    const cap = this.#paces.get(webhookId)?.cap ?? 0;
    return ofWebhook.length < cap && this.#isFirst(item) && this.#hasRoom(webhookId);
  }

  #hasRoom(webhookId: string): boolean {
    const { inFlight, slowInFlight, unknownInFlight } = this.#limits;
    const kinds = [...this.flying].map(({ job }) => this.kindOf(job.webhookId));
    const count = (kind: PaceKind): number => kinds.filter((one) => one === kind).length;
    // The unknown have places of their own; those beyond share with the slow.
    const shared = count('slow') + Math.max(0, count('unknown') - unknownInFlight);
    const mayShare = count('fast') + shared < inFlight && shared < slowInFlight;
    const kind = this.kindOf(webhookId);
    if (kind === 'slow') return mayShare;
    if (kind === 'unknown') return mayShare || count(kind) < unknownInFlight;
    const kept = Math.min(slowInFlight, Math.floor(inFlight / 8));
    return count('fast') + Math.max(kept, Math.min(shared, slowInFlight)) < inFlight;
  }

  #note(): void {
    const ready = new Set(this.held.filter((item) => this.#mayGo(item)).map(({ job }) => job.webhookId));
    for (const webhookId of this.#passedBy.keys()) if (!ready.has(webhookId)) this.#passedBy.delete(webhookId);
    for (const webhookId of ready) if (!this.#passedBy.has(webhookId)) this.#passedBy.set(webhookId, []);
  }
}

const byNumber = (one: number, other: number): number => one - other;

type Step =
  | { readonly kind: 'admit'; readonly webhook: number; readonly conversation: number; readonly bytes: number }
  | { readonly kind: 'take' }
  | { readonly kind: 'evict' }
  | { readonly kind: 'turn'; readonly which: number; readonly to: PaceKind }
  /** `cap`: what its answer made of the cap of its webhook. */
  | { readonly kind: 'land' | 'release'; readonly which: number; readonly cap: number };

const cap = fc.integer({ min: 1, max: MAX_CAP });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('admit' as const),
      webhook: fc.nat({ max: WEBHOOKS - 1 }),
      conversation: fc.nat({ max: 3 }),
      bytes: fc.nat({ max: 1_000 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('land' as const, 'release' as const), which: fc.nat(), cap }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat(), cap }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('evict' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('turn' as const), which: fc.nat(), to: fc.constantFrom(...KINDS) }),
  },
);

const limits: fc.Arbitrary<Bounds> = fc.record({
  inFlight: fc.integer({ min: 1, max: 20 }),
  slowInFlight: fc.integer({ min: 1, max: 8 }),
  unknownInFlight: fc.integer({ min: 0, max: 3 }),
});

const kinds = fc.array(fc.constantFrom(...KINDS), { minLength: WEBHOOKS, maxLength: WEBHOOKS });

function play(bounds: Bounds, kindsAtFirst: readonly PaceKind[], steps: readonly Step[]): void {
  const paces = new Map(kindsAtFirst.map((kind, n) => [`w${n}`, paceOf({ cap: MAX_CAP / 2, kind })]));
  const scheduler = new Scheduler<Item>(bounds, (webhookId) => paces.get(webhookId) as SetPace);
  const model = new Model(bounds, paces);
  const taken: Item[] = [];
  const take = (): Item | undefined => {
    const item = scheduler.take(0);
    model.take(item);
    if (item !== undefined) taken.push(item);
    return item;
  };
  const release = (item: Item): void => {
    scheduler.release(item, 0);
    model.release(item);
  };
  const answered = (item: Item, now: number): void => {
    const pace = paces.get(item.job.webhookId);
    if (pace !== undefined && model.flying.has(item)) pace.cap = now;
  };
  let [admitted, gone] = [0, 0];
  for (const current of steps) {
    if (current.kind === 'admit') {
      const { webhook, conversation, bytes } = current;
      const job = { webhookId: `w${webhook}`, conversationId: `c${conversation}`, body: { byteLength: bytes } };
      const item = { number: admitted++, job, landed: false };
      scheduler.admit(item);
      model.admit(item);
    } else if (current.kind === 'take') {
      take();
    } else if (current.kind === 'evict') {
      const evicted = scheduler.evictSlow(pins, mayLeave);
      const expected = model.evict();
      expect(evicted.map(({ number }) => number).sort(byNumber)).toEqual(expected.map(({ number }) => number));
      expectOrder(evicted);
      gone += evicted.length;
    } else if (current.kind === 'turn') {
      // It shows in what is in flight.
      const webhookId = anyOf(model.flying, current.which)?.job.webhookId ?? '';
      const pace = paces.get(webhookId);
      if (pace === undefined || pace.kind === current.to) continue;
      [pace.kind, pace.stalled] = [current.to, true];
      scheduler.noteStalled(0);
      pace.stalled = false;
      model.turned(webhookId);
    } else if (current.kind === 'land') {
      const item = anyOf(model.flying, current.which);
      if (item === undefined) continue;
      answered(item, current.cap);
      scheduler.land(item, 0);
      model.land(item);
    } else {
      const item = anyOf([...model.flying, ...model.landed], current.which);
      if (item === undefined) continue;
      answered(item, current.cap);
      release(item);
    }
    const here = [...model.held, ...model.landed];
    expect([scheduler.jobs, scheduler.inFlight]).toEqual([here.length, model.flying.size]);
    expect(scheduler.underWay).toBe(model.flying.size + model.landed.size);
    expect(scheduler.bytes).toBe(here.reduce((sum, { job }) => sum + job.body.byteLength, 0));
    const slow = model.held.filter(({ job }) => model.kindOf(job.webhookId) !== 'fast');
    expect(scheduler.slowJobs).toBe(slow.length);
    expect(scheduler.slowBytes).toBe(slow.reduce((sum, { job }) => sum + job.body.byteLength, 0));
    for (const webhookId of paces.keys()) expect(scheduler.isWaitedFor(webhookId)).toBe(model.isWaitedFor(webhookId));
    expect(scheduler.webhooks).toBe(new Set(model.held.map(({ job }) => job.webhookId)).size);
  }
  while (model.held.length + model.landed.size > 0) {
    if (take() !== undefined) continue;
    const underWay = [...model.flying, ...model.landed];
    expect(underWay.length).toBeGreaterThan(0);
    for (const item of underWay) release(item);
  }
  expect([scheduler.jobs, scheduler.bytes, scheduler.inFlight, scheduler.webhooks]).toEqual([0, 0, 0, 0]);
  expect(new Set(taken).size).toBe(admitted - gone);
  expectOrder(taken);
}

function anyOf(items: Iterable<Item>, which: number): Item | undefined {
  const all = [...items];
  return all[which % Math.max(1, all.length)];
}

/** Within a conversation, in the order of admission. */
function expectOrder(taken: readonly Item[]): void {
  const last = new Map<string, number>();
  for (const { number, job } of taken) {
    const key = `${job.webhookId}:${job.conversationId}`;
    expect(number).toBeGreaterThan(last.get(key) ?? -1);
    last.set(key, number);
  }
}

test('caps hold, conversations go in order and one at a time, nobody waits for more than one round, nothing is lost', () => {
  fc.assert(fc.property(limits, kinds, fc.array(step, { maxLength: 150 }), play), { numRuns: 1_000 });
});
