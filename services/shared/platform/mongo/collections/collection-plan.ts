import type { Document, IndexDescription } from 'mongodb';

/** What the migration makes of one collection. Every compound index begins with companyId, as every filter does. */
export interface CollectionPlan {
  readonly name: string;
  /** A `$jsonSchema`; applied strictly: a write that breaks it is refused. */
  readonly schema: Document;
  /** Each with a name, which stays when its keys change their order. */
  readonly indexes: readonly (IndexDescription & { readonly name: string })[];
}

/** An object with exactly these fields; those in `optional` may be absent. */
export function exactly(properties: Document, optional: readonly string[] = []): Document {
  return {
    bsonType: 'object',
    required: Object.keys(properties).filter((name) => !optional.includes(name)),
    additionalProperties: false,
    properties,
  };
}

/** An object with at least these fields, for collections whose shape is not settled yet. */
export function atLeast(properties: Document): Document {
  return { bsonType: 'object', required: Object.keys(properties), properties };
}

export const TEXT = { bsonType: 'string' };
export const ID = { bsonType: 'string', minLength: 1, maxLength: 256 };
export const DATE = { bsonType: 'date' };
export const BYTES = { bsonType: 'binData' };
/** What AES-256-GCM leaves behind, with the name of its key. */
export const CIPHERTEXT = { v: { enum: [1] }, kid: ID, iv: BYTES, ct: BYTES, tag: BYTES };
