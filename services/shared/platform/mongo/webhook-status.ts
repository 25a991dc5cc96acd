import type { AnyBulkWriteOperation, Collection, Db } from 'mongodb';
import type { ProbeFailed } from '../../core/circuit.js';
import type { CountingPolicy } from '../../core/status.js';
import type { Status } from '../../core/vocabulary.js';
import { onMongo } from './mongo-errors.js';
import type { RecoveryDocument } from './recovery-document.js';
import { changedBy, foldUpdate, type StatusFact } from './status-fold.js';
import { refusalOf, writeUnordered } from './unordered-write.js';
import type { WebhookDocument } from './webhook-document.js';
import { filterOf, groupByWebhook, webhookKey } from './webhook-key.js';
import { WriteBatcher, type Settled } from '../process/write-batcher.js';

/**
 * Counts attempts on the webhook document: "after 3 non-2xx responses within 24 h with no success between them, the
 * webhook's status becomes Failed; any success resets the counter". The rules are core/status.ts; here they are
 * applied in one atomic update per webhook, so that processes that count at the same instant lose nothing.
 *
 * Facts that come within 100 ms, or while a batch is under way, are gathered: all facts of one webhook become one
 * update, all updates one command, and a second one reads what they came to. An endpoint that fails 500 times a second
 * costs 10 updates at most. A fact is counted when its promise resolves; one that is reported again, by a redelivered
 * record or by a caller that tries again, counts once.
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
  /** End of the last success that is known by now, epoch ms. */
  readonly lastSuccessAt?: number | undefined;
}

export interface SucceededAttemptOf {
  readonly companyId: string;
  readonly webhookId: string;
  /** Epoch ms at which the attempt ended. */
  readonly at: number;
}

/** `countsFrom`: of the webhook that the attempt was made with. */
export interface GoneOf extends SucceededAttemptOf {
  readonly countsFrom: number;
}

export type ProbeFailedOf = ProbeFailed & { readonly companyId: string; readonly webhookId: string };

/** The webhook with the attempt counted. */
export interface StatusAfter {
  /** Undefined when it is deleted, or another company's. */
  readonly status: Status | undefined;
  /** Whether it changed with this attempt; it is told of another one, too, that ended in the same millisecond. */
  readonly changed: boolean;
}

interface Item {
  readonly companyId: string;
  readonly webhookId: string;
  readonly fact: StatusFact;
}

/** What an Inactive webhook shows that its own endpoint disabled. */
export const GONE_REASON = 'The endpoint answered 410 Gone: it wants no more events. Enable the webhook to try again.';

const UNKNOWN: StatusAfter = { status: undefined, changed: false };

export class WebhookStatus {
  readonly #webhooks: Collection<WebhookDocument>;
  readonly #recoveries: Collection<RecoveryDocument>;
  readonly #policy: CountingPolicy;
  readonly #batcher: WriteBatcher<Item, StatusAfter>;

  constructor({ db, policy }: WebhookStatusOptions) {
    this.#webhooks = db.collection<WebhookDocument>('webhooks');
    this.#recoveries = db.collection<RecoveryDocument>('recoveries');
    this.#policy = policy;
    this.#batcher = new WriteBatcher<Item, StatusAfter>({
      write: (items) => this.#write(items),
      maxDelayMs: 100,
      maxItems: 500,
      maxBytes: Infinity,
      bytesOf: () => 0,
      maxUnderWay: 1,
    });
  }

  /**
   * The last success forgives what ended before it: that is told with the failure, in one atomic update. A failure that
   * ended before it itself, and was told late, doesn't count.
   * @throws DependencyError when MongoDB is away; the fact may have been counted, and reporting it again is safe
   */
  async recordFailure(failure: FailedAttemptOf): Promise<StatusAfter> {
    const { companyId, webhookId, attemptId, startedAt, at, lastSuccessAt } = failure;
    const success = lastSuccessAt === undefined ? undefined : { companyId, webhookId, at: lastSuccessAt };
    if (success !== undefined && success.at > at) return this.recordSuccess(success);
    const fact: StatusFact = { kind: 'failure', attemptId, startedAt: new Date(startedAt), at: new Date(at) };
    const [, counted] = await Promise.all([
      success && this.recordSuccess(success),
      this.#batcher.add({ companyId, webhookId, fact }),
    ]);
    return counted;
  }

  /** @throws DependencyError as `recordFailure` does */
  recordSuccess({ companyId, webhookId, at }: SucceededAttemptOf): Promise<StatusAfter> {
    return this.#batcher.add({ companyId, webhookId, fact: { kind: 'success', at: new Date(at) } });
  }

  /** The next probe is put off as core/circuit.ts says. @throws DependencyError as `recordFailure` does */
  async recordProbeFailure(failed: ProbeFailedOf): Promise<void> {
    const { companyId, webhookId, kind, probe } = failed;
    const fact: StatusFact = {
      kind,
      at: new Date(failed.at),
      openedAt: new Date(failed.openedAt),
      dueAt: new Date(failed.dueAt),
      probe,
      notBefore: new Date(failed.notBefore),
    };
    await this.#batcher.add({ companyId, webhookId, fact });
  }

  /**
   * The endpoint answered 410 Gone: `gone` of core/circuit.ts. `ended`: there is nothing to disable, it is Inactive already
   * or deleted; `changed`: it was enabled or edited since it was read for the attempt, and lives on. @throws DependencyError
   */
  async recordGone({ companyId, webhookId, countsFrom, at }: GoneOf): Promise<'disabled' | 'ended' | 'changed'> {
    const ours = { companyId, _id: webhookId };
    const result = await onMongo('disabling a webhook', () =>
      this.#webhooks.updateOne(
        { ...ours, status: { $ne: 'inactive' }, countsFrom: new Date(countsFrom) },
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
    if (result.modifiedCount === 1) return 'disabled';
    const living = await onMongo('looking for a webhook', () =>
      this.#webhooks.findOne({ ...ours, status: { $ne: 'inactive' } }, { projection: { _id: 1 } }),
    );
    return living === null ? 'ended' : 'changed';
  }

  /** Waits until every fact was answered. */
  close(): Promise<void> {
    return this.#batcher.close();
  }

  async #write(items: readonly Item[]): Promise<readonly Settled<StatusAfter>[]> {
    const groups = groupByWebhook(items, (item) => item);
    const keys = [...groups.keys()];
    const updates = [...groups.values()].map((group) => this.#updateOf(group));
    const refused = await writeUnordered('counting attempts', () =>
      this.#webhooks.bulkWrite(updates, { ordered: false }),
    );
    const codes = new Map([...refused].map(([index, code]) => [keys[index], code]));
    const after = await this.#read(items.filter(({ fact }) => fact.kind !== 'probe-failed'));
    return items.map((item) => {
      const key = webhookKey(item);
      const code = codes.get(key);
      if (code !== undefined) return { kind: 'failed', error: refusalOf('counting attempts', code) };
      return { kind: 'done', result: statusAfter(after.get(key), item.fact) };
    });
  }

  /** All facts of one webhook, in one update. */
  #updateOf(items: readonly [Item, ...Item[]]): AnyBulkWriteOperation<WebhookDocument> {
    const { companyId, webhookId } = items[0];
    const facts = items.map(({ fact }) => fact);
    const filter = { companyId, _id: webhookId, ...changedBy(facts, this.#policy) };
    return { updateOne: { filter, update: foldUpdate(facts, this.#policy, reasonOf(this.#policy)) } };
  }

  /** Nobody asks what a failed probe made of its webhook: it is looked at anew. */
  async #read(items: readonly Item[]): Promise<ReadonlyMap<string, StoredStatus>> {
    if (items.length === 0) return new Map();
    const filter = filterOf(items);
    const projection = { companyId: 1, status: 1, statusChangedAt: 1 };
    const found = await onMongo('reading counted webhooks', () =>
      this.#webhooks.find<StoredStatus>(filter, { projection, hint: '_id_' }).toArray(),
    );
    return new Map(
      found.map((webhook) => [webhookKey({ companyId: webhook.companyId, webhookId: webhook._id }), webhook]),
    );
  }
}

type StoredStatus = Pick<WebhookDocument, '_id' | 'companyId' | 'status' | 'statusChangedAt'>;

function statusAfter(webhook: StoredStatus | undefined, { kind, at }: StatusFact): StatusAfter {
  if (webhook === undefined) return UNKNOWN;
  const { status, statusChangedAt } = webhook;
  const isOfItsMaking = kind === 'success' ? status === 'active' : status === 'failed';
  return { status, changed: isOfItsMaking && statusChangedAt.getTime() === at.getTime() };
}

function reasonOf({ threshold, windowMs }: CountingPolicy): string {
  const hours = Math.round(windowMs / 360_000) / 10;
  return `${threshold} failed attempts within ${hours} h with no success between them`;
}
