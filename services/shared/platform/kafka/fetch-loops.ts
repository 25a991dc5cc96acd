import { setTimeout as pause } from 'node:timers/promises';
import type { EachBatchPayload } from 'kafkajs';
import type { FetchedBatch as Batch } from 'kafkajs/src/consumer/batch.js';
import type ConsumerGroup from 'kafkajs/src/consumer/consumerGroup.js';
import Runner from 'kafkajs/src/consumer/runner.js';
import { KafkaJSNoBrokerAvailableError } from 'kafkajs/src/errors.js';
import { fetchDirectly } from './direct-fetch.js';

/**
 * The loops of a member of a group of kafkajs (2.2.4): one per broker, which fetches, hands what came to the member's
 * handler, and fetches again when all of it was handled. Joining, leaving, and what an error means stay kafkajs's.
 *
 * Its own loops take a batch through a queue, a worker, an event before and after it, and some fifteen promises: 90 µs
 * for a record that comes alone, with cold caches (DECISIONS 54).
 *
 * A fetch that finds its partition's leader moved joins the group anew by itself, while what the fetches from other
 * brokers brought still waits to be handled. Such a batch, handled after the join, would move the new position of its
 * partition behind itself: where the partition begins anew at its commit, all between the two would never be read. So each
 * batch tells whether it is stale.
 */
export function fetchInLoops(): void {
  Runner.prototype.start = startWithLoops;
}

/** What the handler gets. */
export type BatchPayload = Pick<
  EachBatchPayload,
  'batch' | 'heartbeat' | 'resolveOffset' | 'commitOffsetsIfNecessary' | 'isStale'
>;

// eslint-disable-next-line @typescript-eslint/unbound-method -- called on its runner
const start = Runner.prototype.start;

/** A consumer that leaves positions or commits to kafkajs keeps kafkajs's loops. */
function startWithLoops(this: Runner): Promise<void> {
  if (this.eachBatch && !this.autoCommit && !this.eachBatchAutoResolve)
    this.fetchManager = new FetchLoops(this, this.eachBatch, (nodeId) => fetchDirectly(this.consumerGroup, nodeId));
  return start.call(this);
}

/** In place of kafkajs's fetch manager. */
export class FetchLoops {
  readonly #runner: Runner;
  readonly #group: ConsumerGroup;
  readonly #handle: (payload: BatchPayload) => Promise<void>;
  readonly #fetch: (nodeId: number) => Promise<readonly Batch[]>;
  readonly #heartbeat: BatchPayload['heartbeat'];
  readonly #commitOffsets: BatchPayload['commitOffsetsIfNecessary'];
  /** What each broker's loop handles now. */
  readonly #handled = new Map<number, readonly Batch[]>();
  #running = false;
  #ended: Promise<unknown> = Promise.resolve();
  #failure: Error | undefined;

  constructor(
    runner: Runner,
    handle: (payload: BatchPayload) => Promise<void>,
    fetch: (nodeId: number) => Promise<readonly Batch[]>,
  ) {
    const { consumerGroup: group, heartbeatInterval: interval } = runner;
    this.#runner = runner;
    this.#group = group;
    this.#handle = handle;
    this.#fetch = fetch;
    this.#heartbeat = () => group.heartbeat({ interval });
    this.#commitOffsets = (offsets) => group.commitOffsets(offsets);
  }

  /**
   * Resolves when the loops were stopped, or the cluster has other brokers than at the start: kafkajs begins anew then.
   * @throws Error the first one that ended a loop, when all have ended
   */
  async start(): Promise<void> {
    const nodeIds = this.#group.getNodeIds();
    if (nodeIds.length === 0) throw new KafkaJSNoBrokerAvailableError();
    this.#running = true;
    this.#ended = Promise.all(nodeIds.map((nodeId) => this.#loop(nodeId, nodeIds)));
    await this.#ended;
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
  }

  /** Waits for what is under way. */
  async stop(): Promise<void> {
    this.#running = false;
    await this.#ended;
  }

  async #loop(nodeId: number, nodeIds: readonly number[]): Promise<void> {
    try {
      while (this.#running && areStill(nodeIds, this.#group.getNodeIds())) await this.#turn(nodeId);
    } catch (error) {
      this.#failure ??= error as Error;
    }
    this.#running = false;
  }

  async #turn(nodeId: number): Promise<void> {
    const { offsetManager } = this.#group;
    const isStale = (): boolean => this.#group.offsetManager !== offsetManager;
    const fetched = await this.#fetch(nodeId);
    if (!this.#running) return;
    const batches = fetched.filter((batch) => !this.#isUnderWay(batch, nodeId));
    await this.#handleAll(batches, nodeId, isStale);
    if (batches.some((batch) => !batch.isEmpty())) return;
    this.#runner.instrumentationEmitter.emit(FETCH, { nodeId });
    await this.#heartbeat();
    // They would come again at once, for as long as the other loop has them.
    if (batches.length < fetched.length) await pause(this.#group.maxWaitTime);
  }

  /** A partition whose leader has moved may come from the new one, while what came from the old one is being handled. */
  #isUnderWay({ topic, partition }: Batch, nodeId: number): boolean {
    for (const [other, batches] of this.#handled)
      if (other !== nodeId && batches.some((batch) => batch.topic === topic && batch.partition === partition))
        return true;
    return false;
  }

  /** @throws unknown what the first of them that failed was rejected with, when all have ended */
  async #handleAll(batches: readonly Batch[], nodeId: number, isStale: () => boolean): Promise<void> {
    if (batches.length === 0) return;
    const errors: unknown[] = [];
    this.#handled.set(nodeId, batches);
    await Promise.all(batches.map((batch) => this.#handOver(batch, isStale).catch((error) => errors.push(error))));
    this.#handled.set(nodeId, NONE);
    if (errors.length > 0) throw errors[0];
  }

  /** Records that aren't for consumers (of transactions: control records, what was aborted) are only moved beyond. */
  async #handOver(batch: Batch, isStale: () => boolean): Promise<void> {
    const { topic, partition } = batch;
    const resolveOffset = (offset: string): void => {
      this.#group.offsetManager.resolvedOffsets[topic]![partition] = String(Number(offset) + 1);
    };
    const [heartbeat, commitOffsetsIfNecessary] = [this.#heartbeat, this.#commitOffsets];
    if (!batch.isEmpty()) await this.#handle({ batch, heartbeat, resolveOffset, commitOffsetsIfNecessary, isStale });
    else if (batch.isEmptyDueToFiltering() && !isStale()) resolveOffset(batch.lastOffset());
  }
}

const NONE: readonly Batch[] = [];
/** kafkajs's name for the end of a fetch. A member hears by itself of one that brought it something. */
const FETCH = 'consumer.fetch';

function areStill(nodeIds: readonly number[], current: readonly number[]): boolean {
  const same = nodeIds.length === current.length && nodeIds.every((nodeId) => current.includes(nodeId));
  // None: the cluster is being connected to anew.
  return same || current.length === 0;
}
