import type { Collection, Db } from 'mongodb';
import type { Circuit } from '../../core/circuit.js';
import type { Status } from '../../core/vocabulary.js';
import { onMongo } from './mongo-errors.js';
import type { RecoveryDocument } from './recovery-document.js';
import { toCircuit, type WebhookDocument } from './webhook-document.js';
import type { WebhookRef } from './webhooks.js';

/**
 * Who looks at which webhook's held deliveries, and when. No process leads: each takes what is due by a lease, and what
 * a process that died had leased is due again when the lease ends.
 *
 * Two counters keep what comes meanwhile from being lost: a recovery ends only if nothing was held since it was leased
 * (`holds`), and is put off only if no person asked to look at once since then (`pokes`).
 */
export interface Lease extends WebhookRef {
  readonly holds: number;
  readonly pokes: number;
}

/** A webhook as it stands in MongoDB at this instant, no cache between. */
export interface WebhookState {
  readonly status: Status;
  readonly circuit: Circuit | null;
}

export interface RecoveriesOptions {
  readonly db: Db;
  /** This process; no other may have the same name. */
  readonly holder: string;
  readonly leaseMs: number;
}

export class Recoveries {
  readonly #recoveries: Collection<RecoveryDocument>;
  readonly #webhooks: Collection<WebhookDocument>;
  readonly #holder: string;
  readonly #leaseMs: number;

  constructor({ db, holder, leaseMs }: RecoveriesOptions) {
    this.#recoveries = db.collection<RecoveryDocument>('recoveries');
    this.#webhooks = db.collection<WebhookDocument>('webhooks');
    this.#holder = holder;
    this.#leaseMs = leaseMs;
  }

  /** Leases at most `limit` recoveries that are due, the longest due first. @throws DependencyError */
  async lease(limit: number, now: Date): Promise<Lease[]> {
    const free = { dueAt: { $lte: now }, $or: [{ leaseUntil: null }, { leaseUntil: { $lte: now } }] };
    const due = await onMongo('looking for recoveries', () =>
      this.#recoveries
        .find(free)
        .sort({ dueAt: 1 })
        .limit(limit)
        .project<{ _id: string; companyId: string }>({ companyId: 1 })
        .toArray(),
    );
    const leases = await Promise.all(
      due.map(({ _id, companyId }) =>
        onMongo('leasing a recovery', () =>
          this.#recoveries.findOneAndUpdate(
            { _id, companyId, ...free },
            { $set: { holder: this.#holder, leaseUntil: this.#leaseEnd(now) } },
            { returnDocument: 'after' },
          ),
        ),
      ),
    );
    return leases
      .filter((lease) => lease !== null)
      .map(({ _id, companyId, holds, pokes }) => ({ webhookId: _id, companyId, holds, pokes }));
  }

  /** Keeps leases of this process from ending. @throws DependencyError */
  async renew(refs: readonly WebhookRef[], now: Date): Promise<void> {
    if (refs.length === 0) return;
    const operations = refs.map(({ companyId, webhookId }) => ({
      updateOne: {
        filter: { _id: webhookId, companyId, holder: this.#holder },
        update: { $set: { leaseUntil: this.#leaseEnd(now) } },
      },
    }));
    await onMongo('renewing leases', () => this.#recoveries.bulkWrite(operations, { ordered: false }));
  }

  /** Gives the lease back; the next look is at `dueAt`, or at once if a person asked for it. @throws DependencyError */
  async putOff({ companyId, webhookId, pokes }: Lease, dueAt: Date): Promise<void> {
    const next = { $cond: [{ $eq: ['$pokes', pokes] }, dueAt, '$dueAt'] };
    await onMongo('putting a recovery off', () =>
      this.#recoveries.updateOne({ _id: webhookId, companyId, holder: this.#holder }, [
        { $set: { dueAt: next, holder: null, leaseUntil: null } },
      ]),
    );
  }

  /** Ends a recovery of which nothing is held. False when something was held meanwhile. @throws DependencyError */
  async end({ companyId, webhookId, holds }: Lease): Promise<boolean> {
    const result = await onMongo('ending a recovery', () =>
      this.#recoveries.deleteOne({ _id: webhookId, companyId, holder: this.#holder, holds }),
    );
    return result.deletedCount === 1;
  }

  /** Undefined when the webhook is deleted. @throws DependencyError */
  async stateOf({ companyId, webhookId }: WebhookRef): Promise<WebhookState | undefined> {
    const found = await onMongo('reading a webhook', () =>
      this.#webhooks.findOne({ companyId, _id: webhookId }, { projection: { status: 1, circuit: 1 } }),
    );
    return found === null ? undefined : { status: found.status, circuit: toCircuit(found.circuit) };
  }

  /**
   * Begins a probe: `probe-begun` of core/circuit.ts in one atomic update. The circuit that it belongs to; undefined
   * when it is not due, one is under way, or the webhook isn't Failed. @throws DependencyError
   */
  async beginProbe({ companyId, webhookId }: WebhookRef, now: Date, leaseUntil: Date): Promise<Circuit | undefined> {
    const due = {
      'circuit.nextProbeAt': { $lte: now },
      $or: [{ 'circuit.leaseUntil': null }, { 'circuit.leaseUntil': { $lte: now } }],
    };
    const fresh = { openedAt: now, probes: 0, nextProbeAt: now };
    const found = await onMongo('beginning a probe', () =>
      this.#webhooks.findOneAndUpdate(
        { companyId, _id: webhookId, status: 'failed', $or: [{ circuit: null }, due] },
        [{ $set: { circuit: { $mergeObjects: [{ $ifNull: ['$circuit', fresh] }, { leaseUntil }] } } }],
        { returnDocument: 'after', projection: { circuit: 1 } },
      ),
    );
    return toCircuit(found?.circuit) ?? undefined;
  }

  #leaseEnd(now: Date): Date {
    return new Date(now.getTime() + this.#leaseMs);
  }
}
