import { createSecretKey } from 'node:crypto';
import type { EncryptionKey } from './schema.js';

/**
 * Reads ENCRYPTION_KEYS: `kid:key`, separated by commas, the current key first. A key is 32 random bytes in base64,
 * not a password; its kid is stored beside everything that it encrypts, so a kid never changes its key.
 */
const ENTRY = /^([A-Za-z0-9][A-Za-z0-9._-]{0,31}):(.*)$/s;
const KEY_BYTES = 32;

/** What is wrong with the text, by the position of the entry and without any part of it; undefined when nothing is. */
export function encryptionKeysFault(text: string): string | undefined {
  const kids = new Set<string>();
  const keys = new Set<string>();
  for (const [index, entry] of text.split(',').entries()) {
    const where = `entry ${index + 1}`;
    const [, kid, encoded] = ENTRY.exec(entry.trim()) ?? [];
    if (kid === undefined || encoded === undefined) return `${where} is not kid:key`;
    const key = Buffer.from(encoded, 'base64');
    if (key.toString('base64') !== encoded) return `the key of ${where} is not base64`;
    if (key.length !== KEY_BYTES) return `the key of ${where} has ${key.length} bytes instead of ${KEY_BYTES}`;
    if (kids.has(kid)) return `${where} has the kid of an earlier entry`;
    if (keys.has(encoded)) return `${where} has the key of an earlier entry`;
    kids.add(kid);
    keys.add(encoded);
  }
  return undefined;
}

/** The keys of a text without faults. */
export function parseEncryptionKeys(text: string): readonly EncryptionKey[] {
  return text.split(',').map((entry) => {
    const [, kid = '', encoded = ''] = ENTRY.exec(entry.trim()) ?? [];
    return { kid, key: createSecretKey(encoded, 'base64') };
  });
}
