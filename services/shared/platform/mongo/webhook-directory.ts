import type { Db } from 'mongodb';
import type { Status } from '../../core/vocabulary.js';
import type { Webhook } from '../../core/webhook.js';
import { SealError } from '../crypto/seal-error.js';
import type { Vault } from '../crypto/vault.js';
import type { Freshness } from './change-feed.js';
import { openEndpoint } from './endpoint-secrets.js';
import { FreshCache, type FreshCacheCounters } from './fresh-cache.js';
import { readAfter } from './read-after.js';
import { mayChange, type WebhookChange } from './webhook-change.js';
import type { WebhookDocument } from './webhook-document.js';
import { filterOf } from './webhook-key.js';
import type { WebhookRef } from './webhooks.js';

export interface WebhookDirectoryOptions {
  readonly db: Db;
  readonly feed: Freshness;
  readonly vault: Vault;
  /** Most webhooks kept in memory, deleted ones included. */
  readonly maxWebhooks: number;
  /**
   * Told when a webhook's counted failures changed and nothing else that is read here, by whatever process. True where
   * the caller bears that in mind: then the webhook is not read anew for it, which an endpoint that fails would cost
   * each time.
   */
  readonly onCounted: (webhookId: string) => boolean;
  /** Told when a webhook's status may have changed, by whatever process. */
  readonly onStatus: (webhookId: string) => void;
}

/** A webhook whose secrets don't open: an answer too, since it must not fail the others that were read with it. */
interface SealedWebhook {
  readonly id: string;
  readonly error: SealError;
}

interface KnownState {
  readonly status: Status;
  /** Any, where it is absent. */
  readonly version?: number;
}

type Found = Webhook | SealedWebhook | undefined;

const FIELDS = {
  _id: 1,
  companyId: 1,
  url: 1,
  authentication: 1,
  headers: 1,
  status: 1,
  failures: 1,
  countsFrom: 1,
  version: 1,
} as const;

/** What delivers; the circuit, which each probe changes, isn't among it. */
const DELIVERING = Object.keys(FIELDS).filter((field) => field !== 'failures');

/** Stands in no webhook id; `find` makes sure of it, so that a key can be read in one way only. */
const SEPARATOR = '\n';

/**
 * The webhook as it is now, secrets opened, for delivery. Asked with the company that the job names: a webhook of
 * another company counts as unknown, so that a forged or mixed-up job can't reach it.
 */
export class WebhookDirectory {
  readonly #options: WebhookDirectoryOptions;
  readonly #cache: FreshCache<Found>;

  constructor(options: WebhookDirectoryOptions) {
    this.#options = options;
    this.#cache = new FreshCache<Found>({
      maxEntries: options.maxWebhooks,
      feed: options.feed,
      readMany: (keys) => this.#readMany(keys),
      absent: undefined,
      webhookIdsOf: (found) => (found === undefined ? [] : [found.id]),
      keyOf,
      mayHold: (key, webhookId) => key.endsWith(SEPARATOR + webhookId),
      concerns: (change) => this.#concerns(change),
    });
  }

  get counters(): FreshCacheCounters {
    return this.#cache.counters;
  }

  get size(): number {
    return this.#cache.size;
  }

  /**
   * The webhook; undefined when it is deleted, unknown, or not this company's. At once when it is cached and fresh;
   * what is missing in one turn of the event loop is read with one find.
   * @throws DependencyError (by rejecting) when MongoDB is away
   * @throws SealError (by rejecting) when this webhook's secrets can't be opened
   */
  find(companyId: string, webhookId: string): Webhook | undefined | Promise<Webhook | undefined> {
    if (webhookId.includes(SEPARATOR)) return undefined;
    const key = keyOf(companyId, webhookId);
    const entry = this.#cache.get(key, performance.now());
    if (entry === undefined) return this.#cache.read(key).then(opened);
    return isSealed(entry.value) ? Promise.reject(entry.value.error) : entry.value;
  }

  /** Has it read again, unless what is known of it is in this state: this process changed it, or knows better. */
  refreshUnless({ companyId, webhookId }: WebhookRef, { status, version }: KnownState): void {
    const key = keyOf(companyId, webhookId);
    const known = this.#cache.peek(key);
    const isKnown = known !== undefined && !isSealed(known) && known.status === status;
    if (!isKnown || (version !== undefined && known.version !== version)) this.#cache.refresh(key);
  }

  #concerns(change: WebhookChange): boolean {
    if (mayChange(change, ['status'])) this.#options.onStatus(change.webhookId);
    if (mayChange(change, DELIVERING)) return true;
    return mayChange(change, ['failures']) && !this.#options.onCounted(change.webhookId);
  }

  async #readMany(keys: readonly string[]): Promise<ReadonlyMap<string, Found>> {
    const { db, feed, vault } = this.#options;
    const filter = filterOf(keys.map(pairOf));
    const documents = await readAfter('reading webhooks', db, feed.readAfter, (options) =>
      db
        .collection<WebhookDocument>('webhooks', { promoteBuffers: true })
        .find(filter, { ...options, projection: FIELDS, hint: '_id_' })
        .toArray(),
    );
    // Keyed by the company that the document has: a pair that doesn't belong together finds nothing here.
    return new Map(
      await Promise.all(
        documents.map(
          async (document) => [keyOf(document.companyId, document._id), await open(vault, document)] as const,
        ),
      ),
    );
  }
}

function keyOf(companyId: string, webhookId: string): string {
  return companyId + SEPARATOR + webhookId;
}

function pairOf(key: string): { readonly companyId: string; readonly webhookId: string } {
  const end = key.lastIndexOf(SEPARATOR);
  return { companyId: key.slice(0, end), webhookId: key.slice(end + SEPARATOR.length) };
}

function isSealed(found: Found): found is SealedWebhook {
  return found !== undefined && 'error' in found;
}

function opened(found: Found): Webhook | undefined {
  if (isSealed(found)) throw found.error;
  return found;
}

async function open(vault: Vault, document: WebhookDocument): Promise<Webhook | SealedWebhook> {
  try {
    return {
      id: document._id,
      companyId: document.companyId,
      url: document.url,
      ...(await openEndpoint(vault, document)),
      status: document.status,
      failures: document.failures.map(({ attemptId, at }) => ({ attemptId, at: at.getTime() })),
      countsFrom: document.countsFrom.getTime(),
      version: document.version,
    };
  } catch (error) {
    if (error instanceof SealError) return { id: document._id, error };
    throw error;
  }
}
