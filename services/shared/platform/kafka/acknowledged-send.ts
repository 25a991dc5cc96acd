import { Partitioners, type ICustomPartitioner, type Message, type Producer, type ProducerRecord } from 'kafkajs';

/**
 * Sends records so that "sent" means: each of them was acknowledged by all in-sync replicas.
 *
 * kafkajs's own `send` doesn't mean that. Over its retries it remembers which brokers have answered, and asks none of
 * them again. When a partition moves to such a broker in between, as it does whenever a broker restarts, the records of
 * that partition are sent to nobody, and `send` resolves all the same: a silent loss. What it returns is right, though:
 * the partitions that were acknowledged. So each record keeps the partition that was chosen for it first, all of a
 * partition's records travel together, and those whose partition isn't among the acknowledged ones are sent again.
 */
export interface StickyPartitions {
  /** For kafkajs's producer: its default choice, made once per record. */
  readonly createPartitioner: ICustomPartitioner;
  readonly partitionOf: (message: Message) => number | undefined;
}

export function stickyPartitions(): StickyPartitions {
  const chosen = new WeakMap<Message, number>();
  return {
    createPartitioner: () => {
      const choose = Partitioners.DefaultPartitioner();
      return (args) => {
        const partition = chosen.get(args.message) ?? choose(args);
        chosen.set(args.message, partition);
        return partition;
      };
    },
    partitionOf: (message) => chosen.get(message),
  };
}

/** More than brokers can move partitions about within one send. */
const ROUNDS = 5;

/** In order within each partition. @throws Error when not all are acknowledged; some of them may be stored then */
export async function sendAcknowledged(
  producer: Pick<Producer, 'send'>,
  partitionOf: StickyPartitions['partitionOf'],
  { topic, messages, ...options }: Pick<ProducerRecord, 'topic' | 'messages' | 'compression'>,
): Promise<void> {
  let missing = messages;
  for (let round = 0; round < ROUNDS; round += 1) {
    const answers = await producer.send({ ...options, topic, acks: -1, messages: missing });
    const acknowledged = new Set(answers.map(({ partition }) => partition));
    missing = missing.filter((message) => !acknowledged.has(partitionOf(message) ?? -1));
    if (missing.length === 0) return;
  }
  throw new Error(`${missing.length} records for ${topic} were not acknowledged`);
}
