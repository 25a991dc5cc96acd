import type { Collection, Db } from 'mongodb';
import { reduceCircuit, type ProbeFailed } from '../../core/circuit.js';
import { countFailure, countSuccess, type CountingPolicy, type CountingState } from '../../core/status.js';
import { onMongo } from './mongo-errors.js';
import type { RecoveryDocument } from './recovery-document.js';
import { changedBy, foldUpdate, type StatusFact } from './status-fold.js';
import { toCircuit, type WebhookDocument } from './webhook-document.js';
import { WriteBatcher, type Settled } from '../process/write-batcher.js';

/**
 * Counts attempts on the webhook document: "after 3 non-2xx responses within 24 h with no success between them, the
 * webhook's status becomes Failed; any success resets the counter". The rules are core/status.ts; here they are
 * applied in one atomic update per webhook, so that processes that count at the same instant lose nothing.
 *
 * Facts that come within 20 ms, or while a batch is under way, are gathered: all facts of one webhook become one
 * update, so an endpoint that fails 500 times a second costs 50 updates at most. A fact is counted when its promise
 * resolves; one that is reported again, by a redelivered record or by a caller that tries again, counts once.
 */
export interface WebhookStatusOptions {
  readonly db: Db;
  readonly policy: CountingPolicy;
}

export interface FailedAttemptOf {
  readonly companyId: string;
  readonly webhookId: string;
  readonly attemptId: string;
  /** Epoch ms. */
  readonly startedAt: number;
  /** Epoch ms at which the attempt ended. */
  readonly at: number;
}

export interface SucceededAttemptOf {
  readonly companyId: string;
  readonly webhookId: string;
  /** Epoch ms at which the attempt ended. */
  readonly at: number;
}

export type ProbeFailedOf = ProbeFailed & { readonly companyId: string; readonly webhookId: string };

/** `ignored`: too old, counted before, or the webhook is Inactive or deleted. `still-failed`: counted while Failed. */
export type FailureCount = 'counted' | 'became-failed' | 'still-failed' | 'ignored';
/** `unchanged`: there was nothing to reset. */
export type SuccessCount = 'reset' | 'became-active' | 'unchanged';
/** `ignored`: its circuit was closed meanwhile, or it was told before. */
export type ProbeCount = 'backed-off' | 'ignored';

interface Item {
  readonly companyId: string;
  readonly webhookId: string;
  readonly fact: StatusFact;
}

type Count = FailureCount | SuccessCount | ProbeCount;

/** What an Inactive webhook shows that its own endpoint disabled. */
export const GONE_REASON = 'The endpoint answered 410 Gone: it wants no more events. Enable the webhook to try again.';

/** Updates of different webhooks under way at once; leaves connections of the pool to others. */
const CONCURRENT_UPDATES = 8;

export class WebhookStatus {
  readonly #webhooks: Collection<WebhookDocument>;
  readonly #recoveries: Collection<RecoveryDocument>;
  readonly #policy: CountingPolicy;
  readonly #batcher: WriteBatcher<Item, Count>;

  constructor({ db, policy }: WebhookStatusOptions) {
    this.#webhooks = db.collection<WebhookDocument>('webhooks');
    this.#recoveries = db.collection<RecoveryDocument>('recoveries');
    this.#policy = policy;
    this.#batcher = new WriteBatcher<Item, Count>({
      write: (items) => this.#write(items),
      maxDelayMs: 20,
      maxItems: 500,
      maxBytes: Infinity,
      bytesOf: () => 0,
      maxUnderWay: 1,
    });
  }

  /** @throws DependencyError when MongoDB is away; the fact may have been counted, and reporting it again is safe */
  recordFailure({ companyId, webhookId, attemptId, startedAt, at }: FailedAttemptOf): Promise<FailureCount> {
    const fact: StatusFact = { kind: 'failure', attemptId, startedAt: new Date(startedAt), at: new Date(at) };
    return this.#batcher.add({ companyId, webhookId, fact }) as Promise<FailureCount>;
  }

  /** @throws DependencyError as `recordFailure` does */
  recordSuccess({ companyId, webhookId, at }: SucceededAttemptOf): Promise<SuccessCount> {
    return this.#batcher.add({
      companyId,
      webhookId,
      fact: { kind: 'success', at: new Date(at) },
    }) as Promise<SuccessCount>;
  }

  /** The next probe is put off as core/circuit.ts says. @throws DependencyError as `recordFailure` does */
  recordProbeFailure({ companyId, webhookId, at, openedAt, probe }: ProbeFailedOf): Promise<ProbeCount> {
    const fact: StatusFact = { kind: 'probe-failed', at: new Date(at), openedAt: new Date(openedAt), probe };
    return this.#batcher.add({ companyId, webhookId, fact }) as Promise<ProbeCount>;
  }

  /**
   * The endpoint answered 410 Gone: `gone` of core/circuit.ts. False when there is nothing to disable: it was enabled or
   * edited since the attempt began, it is Inactive or deleted. @throws DependencyError
   */
  async recordGone({ companyId, webhookId, startedAt, at }: Omit<FailedAttemptOf, 'attemptId'>): Promise<boolean> {
    const ours = { companyId, _id: webhookId };
    const result = await onMongo('disabling a webhook', () =>
      this.#webhooks.updateOne(
        { ...ours, status: { $ne: 'inactive' }, countsFrom: { $lte: new Date(startedAt) } },
        {
          $set: {
            status: 'inactive',
            statusReason: GONE_REASON,
            statusChangedAt: new Date(at),
            failures: [],
            circuit: null,
          },
        },
      ),
    );
    const look = { $set: { dueAt: new Date(at) }, $inc: { pokes: 1 } };
    await onMongo('asking for a recovery', () => this.#recoveries.updateOne(ours, look));
    return result.modifiedCount === 1;
  }

  /** Waits until every fact was answered. */
  close(): Promise<void> {
    return this.#batcher.close();
  }

  async #write(items: readonly Item[]): Promise<readonly Settled<Count>[]> {
    const settled: Settled<Count>[] = [];
    const groups = groupByWebhook(items);
    const worker = async () => {
      for (let group = groups.pop(); group !== undefined; group = groups.pop()) {
        const outcomes = await this.#count(group.map(({ item }) => item));
        group.forEach(({ index }, position) => (settled[index] = outcomes[position] as Settled<Count>));
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT_UPDATES }, worker));
    return settled;
  }

  /** All facts of one webhook, in one update. */
  async #count(items: readonly Item[]): Promise<readonly Settled<Count>[]> {
    const { companyId, webhookId } = items[0] as Item;
    const facts = items.map(({ fact }) => fact);
    try {
      const before = await onMongo('counting attempts', () =>
        this.#webhooks.findOneAndUpdate(
          { companyId, _id: webhookId, ...changedBy(facts, this.#policy) },
          foldUpdate(facts, this.#policy, reasonOf(this.#policy)),
          { returnDocument: 'before', projection: { status: 1, failures: 1, circuit: 1, countsFrom: 1 } },
        ),
      );
      return this.#tell(before, facts).map((result) => ({ kind: 'done', result }));
    } catch (error) {
      return items.map(() => ({ kind: 'failed', error }));
    }
  }

  /** What became of each fact: the pure rules, run over the state that the update found. */
  #tell(before: WebhookDocument | null, facts: readonly StatusFact[]): Count[] {
    if (before === null) return facts.map(({ kind }) => (kind === 'success' ? 'unchanged' : 'ignored'));
    let state: CountingState = {
      status: before.status,
      failures: before.failures.map(({ attemptId, at }) => ({ attemptId, at: at.getTime() })),
      countsFrom: before.countsFrom.getTime(),
      circuit: toCircuit(before.circuit),
    };
    return facts.map((fact) => {
      const old = state;
      state = applyFact(state, fact, this.#policy);
      return countOf(fact, old, state);
    });
  }
}

function countOf(fact: StatusFact, old: CountingState, state: CountingState): Count {
  const changed = state.status !== old.status;
  switch (fact.kind) {
    case 'failure':
      if (state === old) return 'ignored';
      if (state.status !== 'failed') return 'counted';
      return changed ? 'became-failed' : 'still-failed';
    case 'success':
      if (state === old) return 'unchanged';
      return changed ? 'became-active' : 'reset';
    case 'probe-failed':
      return state === old ? 'ignored' : 'backed-off';
  }
}

function applyFact(state: CountingState, fact: StatusFact, policy: CountingPolicy): CountingState {
  const at = fact.at.getTime();
  switch (fact.kind) {
    case 'success':
      return countSuccess(state, at, policy);
    case 'failure':
      return countFailure(state, { attemptId: fact.attemptId, startedAt: fact.startedAt.getTime(), at }, policy);
    case 'probe-failed': {
      const probe = { ...fact, at, openedAt: fact.openedAt.getTime() };
      const after = reduceCircuit(state, probe, policy);
      return after === state ? state : { ...state, ...after };
    }
  }
}

interface Indexed {
  readonly item: Item;
  /** Its place in the batch. */
  readonly index: number;
}

function groupByWebhook(items: readonly Item[]): Indexed[][] {
  const groups = new Map<string, Indexed[]>();
  items.forEach((item, index) => {
    const key = JSON.stringify([item.companyId, item.webhookId]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [{ item, index }]);
    else group.push({ item, index });
  });
  return [...groups.values()];
}

function reasonOf({ threshold, windowMs }: CountingPolicy): string {
  const hours = Math.round(windowMs / 360_000) / 10;
  return `${threshold} failed attempts within ${hours} h with no success between them`;
}
