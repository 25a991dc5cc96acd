import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { ConfigError, DependencyError, PoisonRecord } from '../../core/errors.js';
import type { KnownSchemas } from './known-schemas.js';
import type { WriterSchemas } from './record-decoder.js';
import type { RegistryClient } from './registry-client.js';

/**
 * All that a process knows about schemas: what the registry said, in memory and in the stored copy.
 *
 * A schema never changes under its id, so each is asked for once and kept. An id that the registry doesn't know is
 * asked for at most once in `unknownTtlMs`, so a flood of poison can't become a flood of requests; the list of such
 * ids is bounded. Questions for one id at the same time are one request. The stored copy is there for a restart while
 * the registry is down; failing to write it never fails a record.
 */
export interface SchemaStore extends WriterSchemas {
  /**
   * The id under which `schema` is registered.
   * @throws ConfigError when it isn't registered; DependencyError when the registry is away and the id isn't stored
   */
  readonly writerId: (subject: string, schema: string) => Promise<number>;
}

export interface SchemaStoreOptions {
  readonly registry: Pick<RegistryClient, 'findSchema' | 'findId'>;
  readonly known: KnownSchemas;
  readonly unknownTtlMs?: number;
  readonly maxUnknownIds?: number;
  /** Milliseconds of a clock that never goes backwards. */
  readonly now?: () => number;
  /** Told when the stored copy can't be written: one sentence, no payload. */
  readonly onWarning?: (detail: string) => void;
}

/** Loads the stored copy. @throws whatever `known.load` throws */
export async function openSchemaStore(options: SchemaStoreOptions): Promise<SchemaStore> {
  const { registry, known, unknownTtlMs = 60_000, maxUnknownIds = 10_000, now = () => performance.now() } = options;
  const schemas = new Map(await known.load());
  const asking = new Map<number, Promise<string>>();
  const refused = new LRUCache<number, string>({
    max: maxUnknownIds,
    ttl: unknownTtlMs,
    ttlResolution: 0,
    perf: { now },
  });

  async function ask(id: number): Promise<string> {
    const found = await registry.findSchema(id);
    if (found.kind === 'schema') {
      keep(id, found.text);
      return found.text;
    }
    const detail = found.kind === 'none' ? `the registry has no schema ${id}` : found.detail;
    refused.set(id, detail);
    throw new PoisonRecord('undecodable', detail);
  }

  function fetchSchema(id: number): Promise<string> {
    const text = schemas.get(id);
    if (text !== undefined) return Promise.resolve(text);
    const refusal = refused.get(id);
    if (refusal !== undefined) return Promise.reject(new PoisonRecord('undecodable', refusal));
    const pending = asking.get(id) ?? ask(id).finally(() => asking.delete(id));
    asking.set(id, pending);
    return pending;
  }

  function keep(id: number, text: string): void {
    if (schemas.has(id)) return;
    schemas.set(id, text);
    save(known.save(id, text), `schema ${id}`);
  }

  async function writerId(subject: string, schema: string): Promise<number> {
    const fingerprint = createHash('sha256').update(schema).digest('hex');
    const id = await registry.findId(subject, schema).catch(async (error: unknown) => {
      const stored = error instanceof DependencyError ? await known.loadWriterId(subject, fingerprint) : undefined;
      if (stored === undefined) throw error;
      return stored;
    });
    if (id === undefined) {
      throw new ConfigError([`our schema is not registered under ${subject}: run npm run migrate`]);
    }
    keep(id, schema);
    save(known.saveWriterId(subject, fingerprint, id), `the id of ${subject}`);
    return id;
  }

  function save(saving: Promise<void>, what: string): void {
    saving.catch((error: unknown) => options.onWarning?.(`${what} was not stored: ${(error as Error).message}`));
  }

  return { schemaText: (id) => schemas.get(id), fetchSchema, writerId };
}
