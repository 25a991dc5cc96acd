import { randomUUID } from 'node:crypto';
import type { Admin, Consumer, Kafka, KafkaMessage } from 'kafkajs';
import type { Config } from '../../config/schema.js';
import { decodeOffsetMap, type OffsetMap } from '../../services/shared/core/offset-map.js';
import { decodeCommit } from './decode-commit.js';
import type { CommitSample, GroupName, Reader } from './history.js';

export interface Group extends Reader {
  /** How many jobs one record of the topic may become. */
  readonly jobsPerRecord: number;
}

export function groupsOf(config: Config, jobsPerEvent: number): Readonly<Record<GroupName, Group>> {
  const { topics, kafka } = config;
  const group = (name: string, topic: string, jobsPerRecord: number): Group => ({
    id: `${kafka.prefix}${name}`,
    topic,
    jobsPerRecord,
  });
  return {
    call: group('call-consumer', topics.callEvents, jobsPerEvent),
    whatsapp: group('whatsapp-consumer', topics.whatsappEvents, jobsPerEvent),
    delivery: group('delivery-consumer', topics.dispatch, 1),
    overflow: group('delivery-consumer-overflow', topics.overflow, 1),
    retry: group('retry-consumer', topics.retry, 1),
    retryLong: group('retry-consumer-long', topics.longRetry, 1),
  };
}

/** Kafka's own topic of what groups have committed. */
const OFFSETS = '__consumer_offsets';
const CAUGHT_UP_MS = 60_000;
const LOOK_EVERY_MS = 250;

/**
 * Reads what the groups have committed, as an outsider and in the order in which it was written: from Kafka's own topic.
 * To ask the coordinators would not do: one that takes over tells of what it knows to be on a majority of replicas, which
 * for a moment may be less than what the one before has told of.
 */
export class GroupWatch {
  readonly #admin: Admin;
  readonly #reader: Consumer;
  readonly #groups: readonly Group[];
  /** The offset in the topic of offsets of the newest record read, by partition: a reader that begins anew reads twice. */
  readonly #read = new Map<number, bigint>();
  readonly samples: CommitSample[] = [];
  #ended: Error | undefined;

  constructor(kafka: Kafka, groups: readonly Group[]) {
    this.#admin = kafka.admin({ retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 500 } });
    this.#reader = kafka.consumer({
      groupId: `watch-${randomUUID()}`,
      maxWaitTimeInMs: 250,
      retry: { retries: 8, initialRetryTime: 100, maxRetryTime: 1_000, restartOnFailure: () => Promise.resolve(true) },
    });
    this.#groups = groups;
  }

  async start(): Promise<void> {
    await this.#admin.connect();
    const { CRASH, GROUP_JOIN } = this.#reader.events;
    this.#reader.on(CRASH, ({ payload }) => {
      if (!payload.restart) this.#ended = payload.error;
    });
    const joined = new Promise((resolve) => this.#reader.on(GROUP_JOIN, resolve));
    await this.#reader.connect();
    await this.#reader.subscribe({ topic: OFFSETS, fromBeginning: true });
    await this.#reader.run({
      autoCommit: false,
      partitionsConsumedConcurrently: 4,
      eachMessage: ({ partition, message }) => Promise.resolve(this.#note(partition, message)),
    });
    await joined;
  }

  /** Resolves when everything that the groups have committed by now was read. @throws Error when that doesn't come */
  async caughtUp(): Promise<void> {
    const until = performance.now() + CAUGHT_UP_MS;
    while (await this.#isBehind()) {
      if (performance.now() > until) throw new Error('the commits of the groups can’t be read', { cause: this.#ended });
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  /**
   * Records of the group's topic that it has neither committed nor told to have finished beyond a commit; undefined when
   * Kafka doesn't tell, or tells that a topic ends before what was committed, as a leader that has just come back does until
   * its followers have caught up.
   */
  async lagOf({ id, topic }: Group): Promise<number | undefined> {
    try {
      const [committed, ends] = await Promise.all([this.#committed(id, topic), this.#admin.fetchTopicOffsets(topic)]);
      const lags = ends.map(({ partition, high, low }) => {
        const { offset, map } = committed.get(partition) ?? { offset: 0, map: undefined };
        return Number(high) - Math.max(offset, Number(low)) - finishedBeyond(offset, map);
      });
      return lags.some((lag) => lag < 0) ? undefined : lags.reduce((sum, lag) => sum + lag, 0);
    } catch {
      return undefined;
    }
  }

  /** Forgets all but the newest sample of each partition: a commit that goes back is seen all the same. */
  forget(): void {
    const newest = new Map(
      this.samples.map((sample) => [`${sample.group} ${sample.topic}/${sample.partition}`, sample]),
    );
    this.samples.splice(0, this.samples.length, ...newest.values());
  }

  async stop(): Promise<void> {
    await this.#reader.disconnect();
    await this.#admin.disconnect();
  }

  #note(partition: number, { key, value, offset, timestamp }: KafkaMessage): void {
    const position = BigInt(offset);
    if (position <= (this.#read.get(partition) ?? -1n)) return;
    this.#read.set(partition, position);
    const commit = decodeCommit(key, value);
    // A negative offset is no position: kafkajs commits -2, the earliest, where its own is out of range.
    if (commit === undefined || commit.offset < 0 || !this.#groups.some(({ id }) => id === commit.group)) return;
    const { metadata, ...told } = commit;
    this.samples.push({
      at: Number(timestamp),
      seenAt: Date.now(),
      ...told,
      map: decodeOffsetMap(told.offset, metadata),
    });
  }

  async #isBehind(): Promise<boolean> {
    try {
      for (const { id, topic } of this.#groups)
        for (const [partition, { offset }] of await this.#committed(id, topic))
          if (this.#newest(id, topic, partition) !== offset) return true;
      return false;
    } catch {
      return true;
    }
  }

  #newest(group: string, topic: string, partition: number): number | undefined {
    return this.samples.findLast(
      (sample) => sample.group === group && sample.topic === topic && sample.partition === partition,
    )?.offset;
  }

  /** Without the partitions of which nothing was ever committed. */
  async #committed(groupId: string, topic: string): Promise<Map<number, Committed>> {
    const [answer] = await this.#admin.fetchOffsets({ groupId, topics: [topic] });
    const commits = (answer?.partitions ?? []).map(({ partition, offset, metadata }) => {
      const commit = { offset: Number(offset), map: decodeOffsetMap(Number(offset), metadata) };
      return [partition, commit] as const;
    });
    return new Map(commits.filter(([, { offset }]) => offset >= 0));
  }
}

type Committed = Pick<CommitSample, 'offset' | 'map'>;

function finishedBeyond(base: number, map: OffsetMap | undefined): number {
  if (map === undefined) return 0;
  return map.incomplete.reduce((sum, { from, to }) => sum - (to - from), map.upTo - base);
}
