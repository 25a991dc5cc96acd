import { CANARY, BASIC_CREDENTIAL } from './estate.js';
import type { StoredRecord } from './read-topic.js';

/** Base64 without its padding: so a Basic credential stands in a header, and nobody needs a key to read it. */
const ENCODED = Buffer.from(BASIC_CREDENTIAL).toString('base64').replace(/=+$/, '');

/** Whether a credential of the run stands there in clear, or merely encoded. */
export function holdsSecret(text: string | Buffer): boolean {
  return text.includes(CANARY) || text.includes(ENCODED);
}

/** Whether it does anywhere in a record: its key, its value, its headers. */
export function tellsSecret({ key, value, headers }: Pick<StoredRecord, 'key' | 'value' | 'headers'>): boolean {
  const parts = [key, value, ...Object.keys(headers), ...Object.values(headers).flat()];
  return parts.some((part) => part !== null && part !== undefined && holdsSecret(part));
}
