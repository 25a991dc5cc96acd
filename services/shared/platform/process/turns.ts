/**
 * Lets work of the same key go one after the other, and work of different keys side by side. For what would else race
 * for one thing in MongoDB, where every loser of a race is a transaction that is run again. It holds within a process
 * alone: who must be right, not only quick, asks MongoDB.
 */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const turn = (async () => {
      await before?.catch(() => undefined);
      return work();
    })();
    this.#last.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    }
  }
}
