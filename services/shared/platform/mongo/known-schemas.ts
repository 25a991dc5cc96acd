import type { Db } from 'mongodb';
import type { KnownSchemas } from '../avro/known-schemas.js';
import { onMongo } from './mongo-errors.js';

type KnownSchemaDocument =
  | {
      readonly _id: string;
      readonly kind: 'schema';
      readonly schemaId: number;
      readonly schema: string;
      readonly storedAt: Date;
    }
  | {
      readonly _id: string;
      readonly kind: 'writer';
      readonly subject: string;
      readonly fingerprint: string;
      readonly schemaId: number;
      readonly storedAt: Date;
    };

/**
 * Keeps the stored copy of the schema registry in `known_schemas`. The collection belongs to no company.
 * Its functions throw DependencyError when MongoDB is away.
 */
export function mongoKnownSchemas(db: Db): KnownSchemas {
  const known = db.collection<KnownSchemaDocument>('known_schemas');

  return {
    load: async () => {
      const stored = await onMongo('reading the known schemas', () => known.find({ kind: 'schema' }).toArray());
      return new Map(stored.flatMap((one) => (one.kind === 'schema' ? [[one.schemaId, one.schema] as const] : [])));
    },

    save: async (id, schema) => {
      const fields = { kind: 'schema', schemaId: id, schema, storedAt: new Date() } as const;
      await onMongo('storing a schema', () =>
        known.updateOne({ _id: `schema:${id}` }, { $setOnInsert: fields }, { upsert: true }),
      );
    },

    loadWriterId: async (subject, fingerprint) => {
      const found = await onMongo('reading a schema id', () => known.findOne({ _id: writerKey(subject, fingerprint) }));
      return found?.schemaId;
    },

    // The registry was asked first, so its answer replaces the stored one: a registry that was set up anew counts anew.
    saveWriterId: async (subject, fingerprint, id) => {
      const fields = { kind: 'writer', subject, fingerprint, schemaId: id, storedAt: new Date() } as const;
      await onMongo('storing a schema id', () =>
        known.updateOne({ _id: writerKey(subject, fingerprint) }, { $set: fields }, { upsert: true }),
      );
    },
  };
}

function writerKey(subject: string, fingerprint: string): string {
  return `writer:${fingerprint}:${subject}`;
}
