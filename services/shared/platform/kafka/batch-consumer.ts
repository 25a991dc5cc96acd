import type { EachBatchPayload } from 'kafkajs';
import { Interrupted } from '../process/patience.js';
import { createGroupMember, type GroupMember, type GroupMemberOptions } from './group-member.js';
import { toIncomingRecord, type IncomingRecord } from './incoming-record.js';
import { withHeartbeats } from './with-heartbeats.js';

/**
 * Reads topics batch by batch and commits a batch when all that it caused has been acknowledged.
 *
 * For work without slow I/O (the fan-out). The handler returns only when the batch is done, and waits by itself for a
 * dependency that is away; meanwhile heartbeats go on. The commit goes through the batch's own function: the consumer's
 * public one turns an ordinary rebalance into a dead consumer. A batch that a rebalance or the end of the process
 * interrupts isn't committed and comes again, here or at another member.
 */
export interface BatchConsumerOptions extends Omit<GroupMemberOptions, 'onBatch' | 'onAssigned' | 'onRebalancing'> {
  /** Rejects with Interrupted when `signal` was aborted while it waited. */
  readonly handleBatch: (records: readonly IncomingRecord[], signal: AbortSignal) => Promise<void>;
  readonly onLag: (topic: string, partition: number, records: number) => void;
}

export function createBatchConsumer(options: BatchConsumerOptions): GroupMember {
  const underWay = new Set<AbortController>();

  const onBatch = async (payload: EachBatchPayload): Promise<void> => {
    const { batch } = payload;
    const { topic, partition } = batch;
    const controller = new AbortController();
    underWay.add(controller);
    try {
      const records = batch.messages.map((message) => toIncomingRecord(topic, partition, message));
      const work = options.handleBatch(records, controller.signal);
      await withHeartbeats(work, () => payload.heartbeat(), options.heartbeatIntervalMs);
    } catch (error) {
      controller.abort();
      if (error instanceof Interrupted) return;
      throw error;
    } finally {
      underWay.delete(controller);
    }
    const next = BigInt(batch.lastOffset()) + 1n;
    payload.resolveOffset(batch.lastOffset());
    await payload.commitOffsetsIfNecessary({ topics: [{ topic, partitions: [{ partition, offset: String(next) }] }] });
    options.onLag(topic, partition, Math.max(0, Number(BigInt(batch.highWatermark) - next)));
  };

  const member = createGroupMember({
    ...options,
    onBatch,
    onAssigned: () => undefined,
    onRebalancing: () => undefined,
  });
  return {
    ...member,
    /** Lets a batch that goes forward end, and takes one that waits for a dependency away. */
    stop: async () => {
      for (const controller of underWay) controller.abort();
      await member.stop();
    },
  };
}
