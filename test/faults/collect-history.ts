import { createDeadLetterDecoder } from '../../services/shared/platform/avro/dead-letter-codec.js';
import { createEventDecoder } from '../../services/shared/platform/avro/event-decoder.js';
import { createJobDecoder } from '../../services/shared/platform/avro/job-codec.js';
import type { WriterSchemas } from '../../services/shared/platform/avro/record-decoder.js';
import { createRegistryClient } from '../../services/shared/platform/avro/registry-client.js';
import { openSchemaStore } from '../../services/shared/platform/avro/schema-store.js';
import type { Topics } from '../../services/shared/platform/kafka/topics.js';
import { PoisonRecord } from '../../services/shared/core/errors.js';
import type { FailureDocument } from '../../services/shared/platform/mongo/failure-document.js';
import type { LogLine } from '../support/service-process.js';
import { memoryKnownSchemas } from '../support/known-schemas.js';
import { expectedJobs } from './check/expected-jobs.js';
import { digestOf } from './check/find-unparked.js';
import { holdsSecret, tellsSecret } from './find-secrets.js';
import type { History, JobRecord, Produced } from './history.js';
import { toPosts } from './posts.js';
import { readTopic, type StoredRecord } from './read-topic.js';
import type { Rig } from './rig.js';

/** Asks the witnesses: the topics, MongoDB, the receivers, the processes' logs. The servers have to be well again. */
export async function collectHistory(rig: Rig, produced: readonly Produced[]): Promise<History> {
  const { system, subscribers, webhookIds, watch } = rig;
  await watch.caughtUp();
  const { db } = system.mongo;
  const { topics, schemaRegistry } = system.config;
  const registry = createRegistryClient({ url: schemaRegistry.url, timeoutMs: 10_000 });
  const schemas = await openSchemaStore({ registry, known: memoryKnownSchemas() });
  const contents = new Map<string, readonly StoredRecord[]>();
  for (const topic of Object.values(topics)) contents.set(topic, await readTopic(system.kafka, topic));
  const positions = await eventPositions(topics, contents, schemas);
  const stored = countOf(positions.values());
  const jobs = expectedJobs({ produced, stored, subscriptions: subscribers });
  const eventOf = new Map(jobs.map(({ jobId, event }) => [jobId, event.eventId]));
  // Before the entries: probes go on, and what is held no more when these are read stands among them.
  const held = await db
    .collection<{ jobId: string }>('held_deliveries')
    .find({}, { projection: { jobId: 1 } })
    .toArray();
  const entries = await db
    .collection<FailureDocument>('failure_log')
    .find()
    .sort({ $natural: 1 })
    .skip(rig.forgottenEntries)
    .toArray();
  return {
    produced,
    stored,
    subscriptions: subscribers,
    posts: toPosts(system.receiver.requests(), webhookIds, eventOf),
    entries: entries.map(({ jobId, attempt, followUp }) => ({ jobId, attempt, followUp: followUp.kind })),
    held: held.map(({ jobId }) => ({ jobId })),
    everHeld: heldInLogs(rig),
    letters: await deadLetters(contents.get(topics.deadLetter) ?? [], schemas, positions),
    records: await jobRecords([topics.dispatch, topics.overflow, topics.retry, topics.longRetry], contents, schemas),
    commits: [...watch.samples],
    faults: [...rig.faults],
    processes: rig.fleet.ends(),
    stops: [...rig.fleet.stops],
    lives: rig.fleet.lives(),
    lag: await lags(rig),
    leaks: [...(await findLeaks(rig)), ...leakingTopics(contents)],
    forbiddenConnections: rig.canary.connections,
  };
}

type Contents = ReadonlyMap<string, readonly StoredRecord[]>;

function countOf(items: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

function positionOf(topic: string, partition: number, offset: number | string): string {
  return `${topic}/${partition}/${offset}`;
}

/** The event at each position; records that are none (a scenario's poison) are left out. */
async function eventPositions(
  topics: Topics,
  contents: Contents,
  schemas: WriterSchemas,
): Promise<ReadonlyMap<string, string>> {
  const positions = new Map<string, string>();
  for (const [topic, record] of [
    [topics.callEvents, 'call-event'],
    [topics.whatsappEvents, 'whatsapp-event'],
  ] as const) {
    const { decode } = createEventDecoder(record, schemas);
    for (const { partition, offset, value } of contents.get(topic) ?? []) {
      const event = (await decoded(() => decode(value))) as { event_id?: string } | undefined;
      if (event?.event_id !== undefined) positions.set(positionOf(topic, partition, offset), event.event_id);
    }
  }
  return positions;
}

/** Undefined for what can't be decoded. */
async function decoded<T>(decode: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await decode();
  } catch (error) {
    if (error instanceof PoisonRecord) return undefined;
    throw error;
  }
}

async function jobRecords(topics: readonly string[], contents: Contents, schemas: WriterSchemas): Promise<JobRecord[]> {
  const { decode } = createJobDecoder(schemas);
  const records: JobRecord[] = [];
  for (const topic of topics)
    for (const { partition, offset, at, value } of contents.get(topic) ?? []) {
      const job = await decoded(() => decode(value));
      if (job === undefined) continue;
      const { jobId, attempt, postponed } = job;
      const source = { ...job.source, offset: Number(job.source.offset) };
      records.push({ topic, partition, offset, at, jobId, attempt, postponed, source });
    }
  return records;
}

async function deadLetters(
  records: readonly StoredRecord[],
  schemas: WriterSchemas,
  positions: ReadonlyMap<string, string>,
): Promise<History['letters']> {
  const { decode } = createDeadLetterDecoder(schemas);
  const letters = await Promise.all(records.map(async ({ value }) => decode(value)));
  return letters.map(({ source: { topic, partition, offset }, value }) => {
    const position = positionOf(topic, partition, offset);
    return { eventId: positions.get(position) ?? `no event at ${position}`, digest: digestOf(value) };
  });
}

/** A job whose webhook is Failed, or whose retry was held when it became that. */
function heldInLogs({ fleet }: Rig): Set<string> {
  const lines = fleet.logLines;
  const isHeld = ({ event, decision }: LogLine): boolean => event === 'delivery.held' || decision === 'held';
  return new Set(lines.filter(isHeld).map(({ jobId }) => String(jobId)));
}

async function lags({ watch, groups }: Rig): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  // Where Kafka doesn't tell, nobody can say that all was read.
  for (const [name, group] of Object.entries(groups)) found.set(name, (await watch.lagOf(group)) ?? Infinity);
  return found;
}

/** Where credentials stand in clear, or only encoded: in a process's log, or anywhere in the database. */
async function findLeaks({ system, fleet }: Rig): Promise<string[]> {
  const leaks = fleet.generations
    .filter(({ process }) => process.raw.some(holdsSecret))
    .map(({ as }) => `the log of ${as}`);
  for (const { name } of await system.mongo.db.listCollections({}, { nameOnly: true }).toArray()) {
    for await (const document of system.mongo.db.collection(name).find())
      if (holdsSecret(JSON.stringify(document))) leaks.push(`${name} ${String(document['_id'])}`);
  }
  return leaks;
}

function leakingTopics(contents: Contents): string[] {
  return [...contents].filter(([, records]) => records.some(tellsSecret)).map(([topic]) => topic);
}
