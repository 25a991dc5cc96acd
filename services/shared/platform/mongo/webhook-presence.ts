import type { Collection, Db } from 'mongodb';
import { BriefCache } from './brief-cache.js';
import { onMongo } from './mongo-errors.js';
import { TickBatch } from './tick-batch.js';
import type { WebhookDocument } from './webhook-document.js';
import { filterOf, webhookKey, webhookOfKey } from './webhook-key.js';
import type { WebhookRef } from './webhooks.js';

const KEPT_MS = 5_000;
const MAX_KEPT = 10_000;
const PRESENT = {};

/**
 * Whether a company has a webhook: what belongs to a webhook is shown only while it is there. That it is there is kept
 * for 5 s, as identities are: whoever scrolls through a log asks for page after page. After a deletion its log can be
 * read for so long in other processes; in the one that deleted it, no longer. Asked for in one turn of the event loop,
 * all are read together, each for its company.
 */
export class WebhookPresence {
  readonly #webhooks: Collection<WebhookDocument>;
  readonly #present = new BriefCache<object>({ maxEntries: MAX_KEPT, ttlMs: KEPT_MS });
  readonly #batch = new TickBatch<object>((keys) => this.#find(keys));

  constructor(db: Db) {
    this.#webhooks = db.collection<WebhookDocument>('webhooks');
  }

  /** @throws DependencyError when MongoDB is away */
  async has(companyId: string, webhookId: string): Promise<boolean> {
    const key = webhookKey({ companyId, webhookId });
    return (await this.#present.get(key, () => this.#batch.get(key))) !== undefined;
  }

  /** It was deleted. */
  forget(ref: WebhookRef): void {
    this.#present.delete(webhookKey(ref));
  }

  async #find(keys: readonly string[]): Promise<ReadonlyMap<string, object>> {
    const refs = keys.map(webhookOfKey);
    const filter = filterOf(refs);
    const found = await onMongo('looking for webhooks', () =>
      this.#webhooks.find(filter, { projection: { companyId: 1 }, batchSize: refs.length + 1 }).toArray(),
    );
    return new Map(found.map(({ companyId, _id }) => [webhookKey({ companyId, webhookId: _id }), PRESENT]));
  }
}
