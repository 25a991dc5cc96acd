/**
 * Under which keys a webhook may be cached: all that hold it, and seldom one that doesn't.
 *
 * It knows ids by a hash of them alone, because a million ids would be a million objects that each full collection of the
 * garbage visits: about a hundred of a million webhooks share a hash with another one.
 */
export class KeyIndex {
  readonly #keys = new Map<number, string | readonly string[]>();

  /** Once for each time that it is removed again. */
  add(webhookId: string, key: string): void {
    const hash = hashOf(webhookId);
    const keys = this.#keys.get(hash);
    this.#keys.set(hash, keys === undefined ? key : [...listOf(keys), key]);
  }

  remove(webhookId: string, key: string): void {
    const hash = hashOf(webhookId);
    const keys = [...this.keysOf(webhookId)];
    const index = keys.indexOf(key);
    if (index >= 0) keys.splice(index, 1);
    const [first] = keys;
    if (first === undefined) this.#keys.delete(hash);
    else this.#keys.set(hash, keys.length === 1 ? first : keys);
  }

  keysOf(webhookId: string): readonly string[] {
    return listOf(this.#keys.get(hashOf(webhookId)) ?? NONE);
  }
}

const NONE: readonly string[] = [];
const listOf = (keys: string | readonly string[]): readonly string[] => (typeof keys === 'string' ? [keys] : keys);

/** FNV-1a of the characters, 32 bits: small integers, which V8 keeps in the table itself. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}
