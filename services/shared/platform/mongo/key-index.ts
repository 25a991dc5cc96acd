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
    this.#keep(hash, [...this.#at(hash), key]);
  }

  remove(webhookId: string, key: string): void {
    const hash = hashOf(webhookId);
    const keys = this.#at(hash);
    const index = keys.indexOf(key);
    this.#keep(
      hash,
      keys.filter((_, at) => at !== index),
    );
  }

  keysOf(webhookId: string): readonly string[] {
    return this.#at(hashOf(webhookId));
  }

  #at(hash: number): readonly string[] {
    const keys = this.#keys.get(hash) ?? [];
    return typeof keys === 'string' ? [keys] : keys;
  }

  /** Alone, as nearly all are, a key needs no list. */
  #keep(hash: number, keys: readonly string[]): void {
    const [first] = keys;
    if (first === undefined) this.#keys.delete(hash);
    else this.#keys.set(hash, keys.length === 1 ? first : keys);
  }
}

/** FNV-1a of the characters, 32 bits: small integers, which V8 keeps in the table itself. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}
