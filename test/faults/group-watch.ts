import type { Admin, Kafka } from 'kafkajs';
import type { Config } from '../../config/schema.js';
import { decodeOffsetMap, type OffsetMap } from '../../services/shared/core/offset-map.js';
import type { CommitSample } from './history.js';

/** The consumer groups of the system, each with the topic that it reads. */
export interface Group {
  readonly id: string;
  readonly topic: string;
  /** How many jobs one record of the topic may become. */
  readonly jobsPerRecord: number;
}

export type GroupName = 'call' | 'whatsapp' | 'delivery' | 'overflow' | 'retry' | 'retryLong';

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

const EVERY_MS = 250;

/**
 * Looks at what the groups have committed, four times a second, as an outsider: through Kafka's admin API. What it
 * can't read, because brokers are away, it doesn't know; a sample's instant is never before the commit that it shows.
 */
export class GroupWatch {
  readonly #admin: Admin;
  readonly #groups: readonly Group[];
  readonly samples: CommitSample[] = [];
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(kafka: Kafka, groups: readonly Group[]) {
    this.#admin = kafka.admin({ retry: { retries: 2, initialRetryTime: 100, maxRetryTime: 500 } });
    this.#groups = groups;
  }

  async start(): Promise<void> {
    await this.#admin.connect();
    let busy = false;
    this.#timer = setInterval(() => {
      if (busy) return;
      busy = true;
      this.#looking = this.#look().finally(() => (busy = false));
    }, EVERY_MS);
  }

  /**
   * Records of the group's topic that it has neither committed nor told to have finished beyond a commit; undefined when
   * Kafka doesn't tell.
   */
  async lagOf({ id, topic }: Group): Promise<number | undefined> {
    try {
      const [committed, ends] = await Promise.all([this.#committed(id, topic), this.#admin.fetchTopicOffsets(topic)]);
      return ends.reduce((sum, { partition, high, low }) => {
        const { offset, map } = committed.get(partition) ?? { offset: 0, map: undefined };
        return sum + Number(high) - Math.max(offset, Number(low)) - finishedBeyond(offset, map);
      }, 0);
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
    clearInterval(this.#timer);
    await this.#looking;
    await this.#admin.disconnect();
  }

  async #look(): Promise<void> {
    for (const { id, topic } of this.#groups) {
      const committed = await this.#committed(id, topic).catch(() => new Map<number, Committed>());
      const at = Date.now();
      for (const [partition, commit] of committed) this.samples.push({ at, group: id, topic, partition, ...commit });
    }
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
