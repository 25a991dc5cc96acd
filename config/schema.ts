import type { KeyObject } from 'node:crypto';
import { adminSchema } from './schema-admin.js';
import { deliverySchema } from './schema-delivery.js';
import { kafkaSchema } from './schema-kafka.js';
import { processSchema } from './schema-process.js';
import { storageSchema } from './schema-storage.js';
import type { ValuesOf } from './setting.js';

/** All settings of all processes: the table that convict loads and that deploy/env.example is made from. */
export const schema = { ...kafkaSchema, ...storageSchema, ...deliverySchema, ...adminSchema, ...processSchema };

/** The values as the table declares them. */
export type SettingValues = ValuesOf<typeof schema>;

/** A key that protects credentials; `key` holds 32 bytes and shows them neither to JSON nor to `inspect`. */
export interface EncryptionKey {
  readonly kid: string;
  readonly key: KeyObject;
}

/**
 * What a main works with. It differs from the table in two places: `topics` are complete names, with `kafka.prefix`
 * before them, and `encryption.keys` are keys, the current one first.
 */
export type Config = Omit<SettingValues, 'encryption'> & {
  readonly encryption: { readonly keys: readonly EncryptionKey[] };
};
