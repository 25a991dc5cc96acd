import Broker from 'kafkajs/src/broker/index.js';
import type { FetchResponse, FetchedPartition } from 'kafkajs/src/broker/index.js';

/**
 * Has kafkajs (2.2.4) make batches only of partitions that brought something.
 *
 * A fetch that waits is answered with all its partitions as soon as one of them has a record. kafkajs makes a batch of
 * each, notes in a Map that it is being handled, passes it through the queue of its workers and drops it: an event that
 * comes alone costs five such batches with six partitions. And the Map is built anew each time that it is full of deleted
 * entries; once one of its tables is old, all that follow grow old with it, until a full collection (DECISIONS 51).
 * A partition that names a nearer replica to read from stays, and so does one whose records are all filtered out.
 */
export function passOverEmptyPartitions(): void {
  Broker.prototype.fetch = fetchWhatHasCome;
}

// eslint-disable-next-line @typescript-eslint/unbound-method -- called on its broker
const fetch = Broker.prototype.fetch;

async function fetchWhatHasCome(this: Broker, options: object): Promise<FetchResponse> {
  const response = await fetch.call(this, options);
  return {
    ...response,
    responses: response.responses.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.filter(hasCome),
    })),
  };
}

const NO_REPLICA = -1;

function hasCome({ messages, preferredReadReplica = NO_REPLICA }: FetchedPartition): boolean {
  return messages.length > 0 || preferredReadReplica !== NO_REPLICA;
}
