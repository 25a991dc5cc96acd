import type { KnownSchemas } from '../../services/shared/platform/avro/known-schemas.js';
import type { WriterSchemas } from '../../services/shared/platform/avro/record-decoder.js';
import { PoisonRecord } from '../../services/shared/core/errors.js';

/** The stored copy, in memory. */
export function memoryKnownSchemas(stored: Iterable<readonly [number, string]> = []): KnownSchemas {
  const schemas = new Map(stored);
  const writerIds = new Map<string, number>();
  return {
    load: () => Promise.resolve(new Map(schemas)),
    save: (id, schema) => {
      schemas.set(id, schema);
      return Promise.resolve();
    },
    loadWriterId: (subject, fingerprint) => Promise.resolve(writerIds.get(`${subject} ${fingerprint}`)),
    saveWriterId: (subject, fingerprint, id) => {
      writerIds.set(`${subject} ${fingerprint}`, id);
      return Promise.resolve();
    },
  };
}

/** Writer schemas that are all known from the start. */
export function fixedSchemas(schemas: Readonly<Record<number, string>>): WriterSchemas {
  return {
    schemaText: (id) => schemas[id],
    fetchSchema: (id) => Promise.reject(new PoisonRecord('undecodable', `the registry has no schema ${id}`)),
  };
}
