import type { EachBatchPayload, Kafka } from 'kafkajs';
import { Pool } from 'undici';
import { createKafka } from '../../../services/shared/platform/kafka/client.js';
import { COMMIT_EVERY_MS, isCommitDue } from '../../../services/shared/platform/kafka/offset-commits.js';
import { createProducer } from '../../../services/shared/platform/kafka/producer.js';
import type { BareTask } from './bare-task.js';

/**
 * The limit: kafkajs consumes, over connections like the product's, undici POSTs (or kafkajs produces), and nothing else:
 * no decoding, no order, no retry, no time-out, no log. Offsets of answered batches are committed as often as ours are, and
 * no batch waits for it. It says when it is a member of its group.
 */
const IN_FLIGHT = 64;
const BATCH_BYTES = 1024 * 1024;

type Work = (values: readonly Buffer[]) => Promise<void>;

function posting({ urls, bodyFromEnd, bodyBytes }: Extract<BareTask['work'], { kind: 'post' }>): Work {
  const targets = urls.map((url) => {
    const { origin, pathname: path } = new URL(url);
    const connections = Math.ceil(IN_FLIGHT / urls.length);
    return { path, pool: new Pool(origin, { connections, pipelining: 1, connect: { allowH2: false } }) };
  });
  const headers = { 'content-type': 'application/json' };
  let turn = 0;
  const post = (value: Buffer) =>
    new Promise<void>((resolve, reject) => {
      const target = targets[(turn += 1) % targets.length];
      if (target === undefined) return;
      const body = value.subarray(value.length - bodyFromEnd, value.length - bodyFromEnd + bodyBytes);
      target.pool.dispatch(
        { method: 'POST', path: target.path, headers, body },
        {
          onRequestStart: () => undefined,
          onResponseStart: () => undefined,
          onResponseData: () => undefined,
          onResponseEnd: () => resolve(),
          onResponseError: (_controller, error) => reject(error),
        },
      );
    });
  return async (values) => {
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let value = values[next++]; value !== undefined; value = values[next++]) await post(value);
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  };
}

async function copying(kafka: Kafka, work: Extract<BareTask['work'], { kind: 'copy' }>): Promise<Work> {
  const producer = await createProducer(kafka);
  let number = 0;
  return async (values) => {
    const records = values.flatMap((value) =>
      Array.from({ length: work.copies }, () => ({ key: String((number += 1)), value })),
    );
    await producer.send(work.to, records);
  };
}

class Commits {
  readonly #offsets = new Map<number, string>();
  #commit: EachBatchPayload['commitOffsetsIfNecessary'] | undefined;
  #uncommitted = 0;
  #turns = 0;

  constructor(topic: string) {
    setInterval(() => {
      this.#turns += 1;
      if (this.#offsets.size === 0 || !isCommitDue(this.#turns, this.#uncommitted)) return;
      this.#uncommitted = 0;
      const partitions = [...this.#offsets].map(([partition, offset]) => ({ partition, offset }));
      this.#offsets.clear();
      // One that fails in a rebalance is made up for by the next batch's.
      this.#commit?.({ topics: [{ topic, partitions }] }).catch(() => undefined);
    }, COMMIT_EVERY_MS);
  }

  answered(payload: EachBatchPayload): void {
    const { batch } = payload;
    this.#commit = (offsets) => payload.commitOffsetsIfNecessary(offsets);
    this.#uncommitted += batch.messages.length;
    this.#offsets.set(batch.partition, String(Number(batch.lastOffset()) + 1));
  }
}

async function run(task: BareTask): Promise<void> {
  const { brokers } = task;
  const kafka = createKafka({ brokers, ssl: false, sasl: undefined, clientId: 'bench-bare' }, () => undefined);
  const work = task.work.kind === 'post' ? posting(task.work) : await copying(kafka, task.work);
  const consumer = kafka.consumer({ groupId: task.groupId, maxWaitTimeInMs: 250, maxBytesPerPartition: BATCH_BYTES });
  await consumer.connect();
  await consumer.subscribe({ topics: [task.topic], fromBeginning: true });
  const commits = new Commits(task.topic);
  consumer.on(consumer.events.GROUP_JOIN, () => process.send?.({ note: 'joined' }));
  await consumer.run({
    autoCommit: false,
    // With both of these false its loops are the product's.
    eachBatchAutoResolve: false,
    eachBatch: async (payload: EachBatchPayload) => {
      const { batch } = payload;
      await work(batch.messages.flatMap(({ value }) => (value === null ? [] : [value])));
      payload.resolveOffset(batch.lastOffset());
      commits.answered(payload);
    },
  });
}

process.once('disconnect', () => process.exit(0));
process.once('message', (task) => void run(task as BareTask));
