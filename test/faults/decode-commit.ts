/** A commit as Kafka keeps it in its topic of offsets. */
export interface LoggedCommit {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly metadata: string;
}

/** Versions of the key that name a commit; others name a group. */
const NEWEST_COMMIT_KEY = 1;
/** Since these versions of the value an epoch of the leader stands behind the offset, and texts have a varint as their length. */
const WITH_EPOCH = 3;
const WITH_VARINTS = 4;

/**
 * Reads a record of `__consumer_offsets`: key and value are big-endian, each with its version first, texts with their
 * length before them (OffsetCommitKey and OffsetCommitValue of Kafka's group coordinator). Undefined for what is no
 * commit, and for a commit that is deleted.
 */
export function decodeCommit(key: Buffer | null, value: Buffer | null): LoggedCommit | undefined {
  if (key === null || value === null || key.readInt16BE(0) > NEWEST_COMMIT_KEY) return undefined;
  const [group, afterGroup] = textAt(key, 2);
  const [topic, afterTopic] = textAt(key, afterGroup);
  const version = value.readInt16BE(0);
  const metadataAt = version >= WITH_EPOCH ? 14 : 10;
  const metadata = version >= WITH_VARINTS ? compactTextAt(value, metadataAt) : textAt(value, metadataAt)[0];
  return {
    group,
    topic,
    partition: key.readInt32BE(afterTopic),
    offset: Number(value.readBigInt64BE(2)),
    metadata,
  };
}

function textAt(buffer: Buffer, at: number): [text: string, end: number] {
  const end = at + 2 + buffer.readInt16BE(at);
  return [buffer.toString('utf8', at + 2, end), end];
}

/** Its length is told plus one, in groups of seven bits, the lowest first. */
function compactTextAt(buffer: Buffer, at: number): string {
  let [length, shift, next] = [0, 0, at];
  for (let more = true; more; shift += 7) {
    const byte = buffer.readUInt8(next++);
    length |= (byte & 0x7f) << shift;
    more = byte > 0x7f;
  }
  return buffer.toString('utf8', next, next + length - 1);
}
