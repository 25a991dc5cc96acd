/**
 * Which records beyond a commit have finished all the same, as a text that fits into the commit's metadata.
 *
 * A commit alone tells the next owner of a partition where the first unfinished record is; whatever has finished behind
 * it would be done again. So each commit tells of the incomplete records beyond it, too, as Confluent's Parallel Consumer
 * does. A text that can't be read tells of nothing: then what finished is done again, and nothing is lost.
 */
export interface OffsetMap {
  /** Nothing is known of records from this offset on. */
  readonly upTo: number;
  /** Of those before it, these haven't finished. Rising. */
  readonly incomplete: readonly Run[];
}

/** From an offset to the one before `to`. */
export interface Run {
  readonly from: number;
  readonly to: number;
}

/** Format, base, runs. The base is told so that a text which got beside another offset says nothing. */
const TEXT = /^i1:(\d+):([\w-]+)$/;
/** As base64 with format and base they stay below the 4,096 bytes that brokers take. */
const MAX_BYTES = 3_000;

/** Relative to `base`, the offset that is committed. '' when nothing beyond it has finished. */
export function encodeOffsetMap(base: number, map: OffsetMap): string {
  const bytes: number[] = [];
  let [at, told] = [base, 0];
  // Lengths in turn: what has finished, what hasn't, what has. The last one told of has finished.
  for (const { from, to } of [...map.incomplete, { from: map.upTo, to: map.upTo }]) {
    pushVarInt(bytes, Math.max(0, from - at));
    if (bytes.length > MAX_BYTES) break;
    if (from > at) told = bytes.length;
    pushVarInt(bytes, to - from);
    at = to;
  }
  return told === 0 ? '' : `i1:${base}:${Buffer.from(bytes.slice(0, told)).toString('base64url')}`;
}

/** What a commit at `base` told; undefined for a text of somebody else's. */
export function decodeOffsetMap(base: number, text: string | null | undefined): OffsetMap | undefined {
  const [, toldBase, runs] = TEXT.exec(text ?? '') ?? [];
  if (runs === undefined || Number(toldBase) !== base) return undefined;
  const lengths = readVarInts(Buffer.from(runs, 'base64url'));
  if (lengths === undefined || lengths.length % 2 === 0) return undefined;
  const incomplete: Run[] = [];
  let at = base;
  for (const [index, length] of lengths.entries()) {
    if (index % 2 === 1) incomplete.push({ from: at, to: at + length });
    at += length;
  }
  return Number.isSafeInteger(at) ? { upTo: at, incomplete } : undefined;
}

/** Whether the map tells that the record at `offset` has finished; for offsets at or beyond its base. */
export function hasFinished({ upTo, incomplete }: OffsetMap, offset: number): boolean {
  if (offset >= upTo) return false;
  let [low, high] = [0, incomplete.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((incomplete[middle] as Run).to <= offset) low = middle + 1;
    else high = middle;
  }
  return offset < (incomplete[low]?.from ?? Infinity);
}

function pushVarInt(bytes: number[], value: number): void {
  let left = value;
  for (; left > 0x7f; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) + 0x80);
  bytes.push(left);
}

/** Undefined when they break off. */
function readVarInts(bytes: Buffer): number[] | undefined {
  const values: number[] = [];
  let [value, factor] = [0, 1];
  for (const byte of bytes) {
    value += (byte & 0x7f) * factor;
    factor *= 0x80;
    if (byte > 0x7f) continue;
    values.push(value);
    [value, factor] = [0, 1];
  }
  return factor === 1 ? values : undefined;
}
