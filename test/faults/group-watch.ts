import type { Admin, Kafka } from 'kafkajs';
import type { Config } from '../../config/schema.js';
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

  /** Records of the group's topic that it has not committed; undefined when Kafka doesn't tell. */
  async lagOf({ id, topic }: Group): Promise<number | undefined> {
    try {
      const [committed, ends] = await Promise.all([this.#committed(id, topic), this.#admin.fetchTopicOffsets(topic)]);
      return ends.reduce(
        (sum, { partition, high, low }) => sum + Number(high) - Math.max(committed.get(partition) ?? 0, Number(low)),
        0,
      );
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
      const committed = await this.#committed(id, topic).catch(() => new Map<number, number>());
      const at = Date.now();
      for (const [partition, offset] of committed) this.samples.push({ at, group: id, topic, partition, offset });
    }
  }

  /** Without the partitions of which nothing was ever committed. */
  async #committed(groupId: string, topic: string): Promise<Map<number, number>> {
    const [answer] = await this.#admin.fetchOffsets({ groupId, topics: [topic] });
    const offsets = (answer?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)] as const);
    return new Map(offsets.filter(([, offset]) => offset >= 0));
  }
}
