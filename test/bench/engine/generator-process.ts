import { setTimeout as pause } from 'node:timers/promises';
import { createJobEncoder } from '../../../services/shared/platform/avro/job-codec.js';
import { createRecordEncoder } from '../../../services/shared/platform/avro/record-encoder.js';
import { newestSchema } from '../../../services/shared/platform/avro/schema-files.js';
import { createKafka } from '../../../services/shared/platform/kafka/client.js';
import {
  createProducer,
  type OutgoingRecord,
  type RecordProducer,
} from '../../../services/shared/platform/kafka/producer.js';
import { jobKeyOf } from '../../../services/shared/core/job.js';
import { avroValueOf } from '../../support/event-examples.js';
import { serveTask } from '../shared/child-task.js';
import { nowUs } from './clock.js';
import type { GeneratorResult, GeneratorTask, SteadyPace } from './generator-task.js';
import { sampleEvent, sampleJob } from './samples.js';

/** Plays the pipelines: produces events, or jobs as the fan-out would have made them. */
const BATCH = 500;

type Render = (number: number) => OutgoingRecord;

function renderer(task: GeneratorTask): Render {
  const recipientOf = (number: number) => {
    const recipient = task.recipients[number % task.recipients.length];
    if (recipient === undefined) throw new Error('there are no recipients');
    return recipient;
  };
  if (task.content === 'jobs') {
    const encoder = createJobEncoder(task.schemaId);
    return (number) => {
      const job = sampleJob(recipientOf(number), number, nowUs());
      return { key: jobKeyOf(job), value: encoder.encode(job) };
    };
  }
  const encoder = createRecordEncoder<unknown>(newestSchema('call-event'), task.schemaId);
  return (number) => {
    const event = sampleEvent(recipientOf(number).companyId, number, nowUs());
    return { key: String(event.data['call_id']), value: encoder.encode(avroValueOf(event)) };
  };
}

async function produceAll(producer: RecordProducer, topic: string, render: Render, from: number, to: number) {
  for (let number = from; number < to; number += BATCH) {
    const records = Array.from({ length: Math.min(BATCH, to - number) }, (_, index) => render(number + index));
    await producer.send(topic, records);
  }
}

/** Each record has its instant; one that is late doesn't make the others late. */
async function producePaced(
  producer: RecordProducer,
  topic: string,
  render: Render,
  firstNumber: number,
  { perSecond, ms }: SteadyPace,
): Promise<number> {
  const startedAt = performance.now();
  const underWay = new Set<Promise<unknown>>();
  const total = Math.round((perSecond * ms) / 1_000);
  let latestMs = 0;
  for (let sent = 0; sent < total; sent += 1) {
    const dueAt = startedAt + (sent * 1_000) / perSecond;
    const waitMs = dueAt - performance.now();
    if (waitMs > 0) await pause(waitMs);
    latestMs = Math.max(latestMs, performance.now() - dueAt);
    const sending = producer.send(topic, [render(firstNumber + sent)]);
    underWay.add(sending);
    void sending.finally(() => underWay.delete(sending));
  }
  await Promise.all(underWay);
  return latestMs;
}

/** Warm-up and measurement of one rate count in numbers of their own. */
const WARM_UP_NUMBERS = 500_000;

async function run(task: GeneratorTask, takeBreak: () => Promise<void>): Promise<GeneratorResult> {
  const { brokers } = task;
  const kafka = createKafka({ brokers, ssl: false, sasl: undefined, clientId: 'bench-generator' }, () => undefined);
  const producer = await createProducer(kafka);
  const { firstNumber, pace } = task;
  const render = renderer(task);
  if ('perSecond' in pace && pace.warmUpMs !== undefined && pace.warmUpMs > 0) {
    await producePaced(producer, task.topic, render, firstNumber + WARM_UP_NUMBERS, { ...pace, ms: pace.warmUpMs });
    await takeBreak();
  }
  const startedAt = performance.now();
  const before = process.cpuUsage();
  let latestMs = 0;
  if ('records' in pace) await produceAll(producer, task.topic, render, firstNumber, firstNumber + pace.records);
  else latestMs = await producePaced(producer, task.topic, render, firstNumber, pace);
  const { user, system } = process.cpuUsage(before);
  const durationMs = performance.now() - startedAt;
  await producer.disconnect();
  const records = 'records' in pace ? pace.records : Math.round((pace.perSecond * pace.ms) / 1_000);
  return { records, cpuMs: (user + system) / 1_000, durationMs, latestMs };
}

serveTask(run);
