import type { Batch } from 'kafkajs';
import ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import { fetchDirectly } from './direct-fetch.js';

/**
 * Tells batches that kafkajs (2.2.4) fetched before the member's last join.
 *
 * A fetch that finds its partition's leader moved joins the group anew by itself, while what the fetches from other
 * brokers brought still waits to be handled. Such a batch, handled after the join, moves the new position of its
 * partition behind itself: where the partition begins anew at its commit, all between the two would never be read.
 */
export function markFetchedBatches(): void {
  ConsumerGroup.prototype.fetch = fetchAndMark;
}

/** Whether the member has joined since the batch was fetched: then it must neither be handled nor resolved. */
export function isOutdated(batch: object): boolean {
  const fetched = fetches.get(batch);
  return fetched !== undefined && fetched.group.offsetManager !== fetched.offsetManager;
}

/** A join replaces the offset manager. */
const fetches = new WeakMap<object, { readonly group: ConsumerGroup; readonly offsetManager: object }>();

async function fetchAndMark(this: ConsumerGroup, nodeId: number): Promise<readonly Batch[]> {
  const { offsetManager } = this;
  const batches = await fetchDirectly(this, nodeId);
  for (const batch of batches) fetches.set(batch, { group: this, offsetManager });
  return batches;
}
