import { InvariantError } from './errors.js';
import { hasFinished, type OffsetMap, type Run } from './offset-map.js';

/**
 * How far one partition may be committed while its records finish out of order.
 *
 * "Only the contiguous prefix of each partition is committed": the position is the offset of the first unfinished
 * record, or one past the last seen when none is. Offsets may have gaps (compaction, control records): only records
 * that were admitted are waited for. The position never goes back. What an owner before us told with its commit to have
 * finished behind that is known, and not done again. When the partition is lost in a rebalance, the
 * progress is revoked: its records may still finish, but nothing of it is committed and nothing of it is begun.
 *
 * Offsets are numbers here: exact to 2^53, which one partition doesn't reach at any rate we can serve.
 */
export class PartitionProgress {
  readonly topic: string;
  readonly partition: number;
  #entries: AdmittedRecord[] = [];
  /** Index of the first entry that is not yet behind the position; entries before it are dropped in bulk. */
  #head = 0;
  #seenUpTo = -1;
  #finished = 0;
  #position = -1;
  #revoked = false;
  /** What the owner before us told, until we have read as far. */
  #told: (OffsetMap & { readonly base: number }) | undefined;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  get revoked(): boolean {
    return this.#revoked;
  }

  /** Records admitted and not yet behind the position: the uncommitted span. */
  get span(): number {
    return this.#entries.length - this.#head;
  }

  /** One past the last offset admitted or seen; records below it are known already. -1 when none was. */
  get seenUpTo(): number {
    return this.#seenUpTo;
  }

  /** How many records have finished, in any order, or were seen without being admitted. It only rises. */
  get finished(): number {
    return this.#finished;
  }

  /** Takes what was told with the commit at `base`, unless records were read already. */
  recall(base: number, map: OffsetMap): void {
    if (this.#seenUpTo === -1) this.#told = { ...map, base };
  }

  /** The log ends before `offset`: what was told of records from there on was told of another log. */
  endOfLog(offset: number): void {
    if (this.#told !== undefined && offset < this.#told.upTo) this.#told = undefined;
  }

  /**
   * Whether the record at `offset` is not to be admitted: it was before (kafkajs fetches again from the commit after a
   * rebalance), or had finished at the owner before us. Who reads from before that commit reads what was never told of:
   * the log began anew, or somebody wants it all again.
   */
  knows(offset: number): boolean {
    if (offset < this.#seenUpTo) return true;
    if (this.#told === undefined) return false;
    if (offset < this.#told.base) this.#told = undefined;
    return this.#told !== undefined && hasFinished(this.#told, offset);
  }

  /** Takes a record in. @throws InvariantError when offsets don't rise, or when it had finished */
  admit(offset: number): AdmittedRecord {
    if (this.knows(offset)) throw new InvariantError(`offset ${offset} was admitted twice to ${this.topic}`);
    const record = new AdmittedRecord(this, offset);
    this.#entries.push(record);
    this.#seenUpTo = offset + 1;
    return record;
  }

  /** Marks every offset up to and with `lastOffset` as seen, for records that never reach us (control records). */
  see(lastOffset: number): void {
    const upTo = lastOffset + 1;
    if (upTo <= this.#seenUpTo) return;
    this.#finished += upTo - Math.max(0, this.#seenUpTo);
    this.#seenUpTo = upTo;
  }

  /** Of a record of ours. */
  count(): void {
    this.#finished += 1;
  }

  /** The offset to commit (that of the next record to read), or undefined when it isn't beyond `committed`. */
  positionBeyond(committed: number): number | undefined {
    if (this.#revoked) return undefined;
    this.#advance();
    return this.#position > committed ? this.#position : undefined;
  }

  /** What is known beyond the position; undefined when nothing was read. */
  beyond(): OffsetMap | undefined {
    if (this.#revoked || this.#seenUpTo === -1) return undefined;
    this.#advance();
    const incomplete: { from: number; to: number }[] = [];
    for (let index = this.#head; index < this.#entries.length; index += 1) {
      const { offset, finished } = this.#entries[index] as AdmittedRecord;
      if (finished) continue;
      const last = incomplete.at(-1);
      if (last?.to === offset) last.to += 1;
      else incomplete.push({ from: offset, to: offset + 1 });
    }
    const { upTo, unread } = this.#toldBeyond();
    return { upTo, incomplete: [...incomplete, ...unread] };
  }

  revoke(): void {
    this.#revoked = true;
    this.#entries = [];
    this.#head = 0;
  }

  /** What the owner before us told of records that we have not read yet. */
  #toldBeyond(): { readonly upTo: number; readonly unread: readonly Run[] } {
    if (this.#told !== undefined && this.#told.upTo <= this.#seenUpTo) this.#told = undefined;
    if (this.#told === undefined) return { upTo: this.#seenUpTo, unread: [] };
    const unread = this.#told.incomplete
      .filter(({ to }) => to > this.#seenUpTo)
      .map(({ from, to }) => ({ from: Math.max(from, this.#seenUpTo), to }));
    return { upTo: this.#told.upTo, unread };
  }

  #advance(): void {
    const entries = this.#entries;
    while (this.#head < entries.length && entries[this.#head]?.finished === true) this.#head++;
    const first = entries[this.#head];
    this.#position = Math.max(this.#position, first === undefined ? this.#seenUpTo : first.offset);
    if (this.#head > 1024 && this.#head * 2 > entries.length) {
      this.#entries = entries.slice(this.#head);
      this.#head = 0;
    }
  }
}

/** One record on its way; `finish` is called when all that it caused has been acknowledged. */
export class AdmittedRecord {
  readonly progress: PartitionProgress;
  readonly offset: number;
  #finished = false;

  constructor(progress: PartitionProgress, offset: number) {
    this.progress = progress;
    this.offset = offset;
  }

  get finished(): boolean {
    return this.#finished;
  }

  finish(): void {
    if (!this.#finished) this.progress.count();
    this.#finished = true;
  }
}
