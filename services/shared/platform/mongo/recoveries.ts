import type { Collection, Db, Filter } from 'mongodb';
import type { Circuit } from '../../core/circuit.js';
import type { Status } from '../../core/vocabulary.js';
import { WriteBatcher, type Settled } from '../process/write-batcher.js';
import { onMongo } from './mongo-errors.js';
import { dueFirst, type RecoveryDocument } from './recovery-document.js';
import { TickBatch } from './tick-batch.js';
import { settledBy, writeUnordered } from './unordered-write.js';
import { toCircuit, type WebhookDocument } from './webhook-document.js';
import { filterOf, webhookKey, webhookOfKey } from './webhook-key.js';
import type { WebhookRef } from './webhooks.js';

/**
 * Who looks at which webhook's held deliveries, and when. No process leads: each takes what is due by a lease, and what
 * a process that died had leased is due again when the lease ends. Nobody else probes the webhook meanwhile.
 *
 * Two counters keep what comes meanwhile from being lost: a recovery ends only if nothing was held since it was leased
 * (`holds`), and is put off only if no person asked to look at once since then (`pokes`).
 *
 * Webhooks that fail together are looked at together, so what can be one command for all of them is: each that waits for a
 * majority costs the server some 2 ms, whatever it writes.
 */
export interface Lease extends WebhookRef {
  readonly holds: number;
  readonly pokes: number;
  /** Epoch ms, before MongoDB was asked. */
  readonly leasedAt: number;
}

/** A webhook as it stands in MongoDB at this instant, no cache between. */
export interface WebhookState {
  /** Rises with every change by a person. */
  readonly version: number;
  readonly status: Status;
  readonly circuit: Circuit | null;
}

/** What a process took, and whether it could soon take more. */
export interface Leased {
  readonly leases: readonly Lease[];
  /** Nothing is held anywhere but for webhooks that a process looks after already. */
  readonly quiet: boolean;
}

export interface RecoveriesOptions {
  readonly db: Db;
  /** This process; no other may have the same name. */
  readonly holder: string;
  readonly leaseMs: number;
}

type Waiting = Pick<RecoveryDocument, '_id' | 'companyId' | 'dueAt' | 'holds' | 'pokes'>;

interface PuttingOff {
  readonly lease: Lease;
  readonly dueAt: Date;
}

export class Recoveries {
  readonly #recoveries: Collection<RecoveryDocument>;
  readonly #webhooks: Collection<WebhookDocument>;
  readonly #holder: string;
  readonly #leaseMs: number;
  readonly #states: TickBatch<WebhookState>;
  readonly #puttingOff: WriteBatcher<PuttingOff, void>;

  constructor({ db, holder, leaseMs }: RecoveriesOptions) {
    this.#recoveries = db.collection<RecoveryDocument>('recoveries');
    this.#webhooks = db.collection<WebhookDocument>('webhooks');
    this.#holder = holder;
    this.#leaseMs = leaseMs;
    this.#states = new TickBatch((keys) => this.#readStates(keys));
    this.#puttingOff = new WriteBatcher<PuttingOff, void>({
      write: (items) => this.#putAllOff(items),
      maxDelayMs: 100,
      maxItems: 500,
      maxBytes: Infinity,
      bytesOf: () => 0,
      maxUnderWay: 1,
    });
  }

  /** Leases at most `limit` recoveries that are due, the longest due first. @throws DependencyError */
  async lease(limit: number, now: Date): Promise<Leased> {
    const free = { $or: [{ leaseUntil: null }, { leaseUntil: { $lte: now } }] };
    const waiting = await onMongo('looking for recoveries', () =>
      this.#recoveries
        .find(free)
        .sort({ dueAt: 1 })
        .limit(limit)
        .project<Waiting>({ companyId: 1, dueAt: 1, holds: 1, pokes: 1 })
        .toArray(),
    );
    const due = waiting.filter(({ dueAt }) => dueAt <= now);
    return { leases: due.length === 0 ? [] : await this.#leaseAll(due, free, now), quiet: waiting.length === 0 };
  }

  async #leaseAll(due: readonly Waiting[], free: Filter<RecoveryDocument>, now: Date): Promise<readonly Lease[]> {
    const ours = { holder: this.#holder, leaseUntil: this.#leaseEnd(now) };
    // As found or later: `end` and `putOff` compare with what was found, which may only make them more careful. Of one that
    // ended since then and began anew the counters begin anew.
    const operations = due.map(({ _id, companyId, holds, pokes }) => ({
      updateOne: {
        filter: { _id, companyId, holds: { $gte: holds }, pokes: { $gte: pokes }, dueAt: { $lte: now }, ...free },
        update: { $set: ours },
      },
    }));
    // Not updateMany: the driver tries that one only once. If the answer is lost for good, they are due again in a lease.
    const leased = await onMongo('leasing recoveries', () =>
      this.#recoveries.bulkWrite(operations, { ordered: false }),
    );
    if (leased.modifiedCount === 0) return [];
    if (leased.modifiedCount === due.length) return due.map((recovery) => toLease(recovery, now));
    const those = filterOf(due.map(({ _id, companyId }) => ({ companyId, webhookId: _id })));
    const leases = await onMongo('reading leases', () => this.#recoveries.find({ ...those, ...ours }).toArray());
    return leases.map((recovery) => toLease(recovery, now));
  }

  /** Keeps leases of this process from ending; returns those that it has no more. @throws DependencyError */
  async renew<L extends WebhookRef>(refs: readonly L[], now: Date): Promise<readonly L[]> {
    if (refs.length === 0) return [];
    const operations = refs.map(({ companyId, webhookId }) => ({
      updateOne: {
        filter: { _id: webhookId, companyId, holder: this.#holder },
        update: { $set: { leaseUntil: this.#leaseEnd(now) } },
      },
    }));
    const renewed = await onMongo('renewing leases', () => this.#recoveries.bulkWrite(operations, { ordered: false }));
    if (renewed.matchedCount === refs.length) return [];
    const ours = await onMongo('reading leases', () =>
      this.#recoveries
        .find({ ...filterOf(refs), holder: this.#holder })
        .project<{ _id: string }>({ _id: 1 })
        .toArray(),
    );
    const kept = new Set(ours.map(({ _id }) => _id));
    return refs.filter(({ webhookId }) => !kept.has(webhookId));
  }

  /** Gives the lease back; the next look is at `dueAt`, or at once if a person asked for it. @throws DependencyError */
  putOff(lease: Lease, dueAt: Date): Promise<void> {
    return this.#puttingOff.add({ lease, dueAt });
  }

  /** Gives the lease back; the next turn of its webhook comes before all probes. @throws DependencyError */
  giveTurn(lease: Lease, now: Date): Promise<void> {
    return this.putOff(lease, dueFirst(now));
  }

  /** Ends a recovery of which nothing is held. False when something was held meanwhile. @throws DependencyError */
  async end({ companyId, webhookId, holds }: Lease): Promise<boolean> {
    const result = await onMongo('ending a recovery', () =>
      this.#recoveries.deleteOne({ _id: webhookId, companyId, holder: this.#holder, holds }),
    );
    return result.deletedCount === 1;
  }

  /** Undefined when the webhook is deleted. @throws DependencyError */
  stateOf(ref: WebhookRef): Promise<WebhookState | undefined> {
    return this.#states.get(webhookKey(ref));
  }

  #leaseEnd(now: Date): Date {
    return new Date(now.getTime() + this.#leaseMs);
  }

  async #readStates(keys: readonly string[]): Promise<ReadonlyMap<string, WebhookState>> {
    const filter = filterOf(keys.map(webhookOfKey));
    const projection = { companyId: 1, version: 1, status: 1, circuit: 1 };
    const found = await onMongo('reading webhooks', () =>
      this.#webhooks.find(filter, { projection, hint: '_id_' }).toArray(),
    );
    return new Map(
      found.map(({ companyId, _id, version, status, circuit }) => [
        webhookKey({ companyId, webhookId: _id }),
        { version, status, circuit: toCircuit(circuit) },
      ]),
    );
  }

  async #putAllOff(items: readonly PuttingOff[]): Promise<readonly Settled<void>[]> {
    const operations = items.map(({ lease: { companyId, webhookId, pokes }, dueAt }) => {
      const next = { $cond: [{ $eq: ['$pokes', pokes] }, dueAt, '$dueAt'] };
      const update = [{ $set: { dueAt: next, holder: null, leaseUntil: null } }];
      return { updateOne: { filter: { _id: webhookId, companyId, holder: this.#holder }, update } };
    });
    const refused = await writeUnordered('putting recoveries off', () =>
      this.#recoveries.bulkWrite(operations, { ordered: false }),
    );
    return settledBy('putting a recovery off', items, refused);
  }
}

function toLease({ _id, companyId, holds, pokes }: Omit<Waiting, 'dueAt'>, now: Date): Lease {
  return { webhookId: _id, companyId, holds, pokes, leasedAt: now.getTime() };
}
