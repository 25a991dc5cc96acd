import { createJobDecoder } from '../../../services/shared/platform/avro/job-codec.js';
import { newestSchema } from '../../../services/shared/platform/avro/schema-files.js';
import { schemaIdOf } from '../../../services/shared/platform/avro/wire-format.js';
import { fixedSchemas } from '../../support/known-schemas.js';
import { percentilesOf, type Percentiles } from './percentiles.js';
import { recordsIn } from './progress.js';
import { producedAtUsOf } from './sink-notebook.js';
import type { SinkNotes } from './sink-protocol.js';
import type { World } from './world.js';

/** The two halves of an event's way, in ms; the instant between them is that of the job's record, to a millisecond. */
export interface Stages {
  /** From the event's production to its job. */
  readonly fanOut: Percentiles;
  /** From the job to its arrival. */
  readonly delivery: Percentiles;
}

/** Reads the dispatch topic afterwards, so that nobody is in the way while it is measured. */
export async function stagesOf(world: World, { arrivals }: SinkNotes): Promise<Stages> {
  const madeAtMs = await readJobs(world);
  const fanOut: number[] = [];
  const delivery: number[] = [];
  for (const [eventId, arrivedAtUs] of arrivals) {
    const madeAt = madeAtMs.get(eventId);
    if (madeAt === undefined) continue;
    fanOut.push(Math.max(0, madeAt + 0.5 - producedAtUsOf(eventId) / 1_000));
    delivery.push(Math.max(0, arrivedAtUs / 1_000 - madeAt - 0.5));
  }
  return { fanOut: percentilesOf(fanOut), delivery: percentilesOf(delivery) };
}

async function readJobs(world: World): Promise<Map<string, number>> {
  const topic = world.system.config.topics.dispatch;
  const inTopic = recordsIn(world, topic);
  const expected = await inTopic.count();
  await inTopic.close();
  const found = new Map<string, number>();
  const consumer = world.system.kafka.consumer({ groupId: `${world.system.config.kafka.prefix}stages` });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const schema = newestSchema('delivery-job');
  await new Promise<void>((resolve, reject) => {
    let read = 0;
    if (expected === 0) resolve();
    const eachMessage = async ({
      message: { value, timestamp },
    }: {
      message: { value: Buffer | null; timestamp: string };
    }) => {
      if (value === null) return;
      const job = await createJobDecoder(fixedSchemas({ [schemaIdOf(value)]: schema })).decode(value);
      found.set(job.eventId, Number(timestamp));
      if ((read += 1) === expected) resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return found;
}
