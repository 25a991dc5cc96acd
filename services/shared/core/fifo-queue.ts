/**
 * First in, first out, with constant time for each operation, on a ring that doubles when it is full and halves
 * when it is mostly empty: the queue of an endpoint that once was slow doesn't keep the memory of that day.
 */
const SMALLEST = 8;

export class FifoQueue<T> {
  #ring: (T | undefined)[] = new Array<T | undefined>(SMALLEST);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length === this.#ring.length) this.#resize(this.#length * 2);
    this.#ring[(this.#head + this.#length) & (this.#ring.length - 1)] = item;
    this.#length++;
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length--;
    if (this.#ring.length > SMALLEST && this.#length * 4 < this.#ring.length) this.#resize(this.#ring.length / 2);
    return item;
  }

  peek(): T | undefined {
    return this.#length === 0 ? undefined : this.#ring[this.#head];
  }

  /** From the head on; it must not change meanwhile. */
  *[Symbol.iterator](): Iterator<T> {
    for (let index = 0; index < this.#length; index++)
      yield this.#ring[(this.#head + index) & (this.#ring.length - 1)] as T;
  }

  #resize(size: number): void {
    const ring = new Array<T | undefined>(size);
    for (let index = 0; index < this.#length; index++) {
      ring[index] = this.#ring[(this.#head + index) & (this.#ring.length - 1)];
    }
    this.#ring = ring;
    this.#head = 0;
  }
}
