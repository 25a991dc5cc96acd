import { percentile } from '../../../deploy/local/demo/percentile.js';
import type { Random } from '../../../deploy/local/simulator/random.js';
import type { Job } from '../../../services/shared/core/job.js';
import { createJobDecoder, createJobEncoder } from '../../../services/shared/platform/avro/job-codec.js';
import { createRecordEncoder } from '../../../services/shared/platform/avro/record-encoder.js';
import { subjectOf } from '../../../services/shared/platform/avro/register-schemas.js';
import { createRegistryClient } from '../../../services/shared/platform/avro/registry-client.js';
import { newestSchema } from '../../../services/shared/platform/avro/schema-files.js';
import { avroValueOf, type EventExample } from '../../support/event-examples.js';
import { event, type System } from '../../support/system.js';
import type { TcpProxy } from '../../support/tcp-proxy.js';
import { digestOf, findUnparked } from '../check/find-unparked.js';
import { earliest } from '../check/job-records.js';
import { violations } from '../check/violation.js';
import type { History } from '../history.js';
import type { Rig } from '../rig.js';
import type { Scenario } from '../scenario.js';
import { proxyOf } from './targets.js';

/**
 * 100,000 malformed records among the good ones: no process ends, each is parked, the good ones arrive, and the registry
 * is asked for an id that it doesn't have once a minute by each process, however many records name it. Whole jobs of a
 * webhook that isn't there are discarded.
 */
const RECORDS = 100_000;
const AT_ONCE = 1_000;
/** Whole jobs that go with so many malformed ones. */
const ORPHANS = 20;

/** Has no webhook, so that a damaged record that still is an event or a job goes nowhere. */
const NOBODY = 'co_nobody';

interface Sent {
  /** The digests of records that can't be read; damaged ones may still be readable and count in no way. */
  readonly unreadable: readonly string[];
  /** Whole jobs: their digests by their ids. */
  readonly orphans: ReadonlyMap<string, string>;
}

const sent = new WeakMap<Rig, Sent>();
const questions = new WeakMap<Rig, ReadonlyMap<number, number>>();

const flood: Scenario = {
  name: 'poison-flood',
  about: '100,000 malformed records among the good ones, on the topics of events and of jobs',
  covers: [31],
  servers: 'proxied',
  seconds: 40,
  rate: 30,
  settleMs: 120_000,
  // The good ones stand behind the malformed ones, and arrive with these.
  rules: { recoverWithinMs: 120_000 },
  inject: async (rig, { random }) => {
    questions.set(rig, countQuestions(proxyOf(rig, 'registry')));
    const events = await eventTargets(rig.system);
    const jobs = await jobTargets(rig.system);
    const unreadable: string[] = [];
    const orphans = new Map<string, string>();
    for (let count = 0; count < RECORDS; count += AT_ONCE) {
      const target = random.pick([...events, ...jobs]);
      const values: Buffer[] = [];
      for (const { value, readable } of Array.from({ length: AT_ONCE }, () => drawn(random, target))) {
        values.push(value);
        if (!readable) unreadable.push(digestOf(value));
      }
      for (const jobId of Array.from({ length: target.orphans }, () => random.identifier(20))) {
        const value = target.whole(jobId);
        values.push(value);
        orphans.set(jobId, digestOf(value));
      }
      await rig.system.produceRaw(target.topic, values);
    }
    sent.set(rig, { unreadable, orphans });
  },
  examine: (history, rig) => {
    const { letters } = history;
    const { unreadable, orphans } = sent.get(rig) ?? {};
    if (unreadable === undefined || orphans === undefined) throw new Error('not all malformed records were produced');
    const asked = [...(questions.get(rig) ?? [])];
    const unknown = asked.filter(([id]) => UNKNOWN_IDS.some((other) => other === id));
    const parked = new Set(letters.map(({ digest }) => digest));
    const discarded = discardedIn(rig);
    const ids = [...orphans.keys()];
    return {
      violations: [
        ...violations('I7', 'an id that nobody asked for', unknown.length < UNKNOWN_IDS.length ? ['one'] : []),
        ...violations('I1', 'a malformed record that is no dead letter', findUnparked(unreadable, letters)),
        ...violations(
          'I1',
          'a whole job that was parked',
          ids.filter((jobId) => parked.has(orphans.get(jobId) ?? '')),
        ),
        ...violations(
          'I1',
          'a job of no webhook that was not discarded',
          ids.filter((jobId) => !discarded.has(jobId)),
        ),
        ...violations('I7', 'a registry asked too often', tooOften(unknown, history)),
      ],
      notes: [
        `${RECORDS} malformed records, ${unreadable.length} of them unreadable for certain; ${letters.length} dead letters`,
        `${orphans.size} whole jobs of a webhook that isn't there; ${discarded.size} jobs discarded`,
        `good events arrived after p99 ${percentile(latenciesOf(history), 0.99) ?? Infinity} ms`,
        `questions to the registry by id: ${asked.map(([id, count]) => `${id} ${count}`).join(', ')}`,
      ],
    };
  },
};

/** Ids that were asked for more often than once a minute by each process, and once by who reads the topics as a witness. */
function tooOften(asked: readonly (readonly [number, number])[], { processes, produced }: History): string[] {
  const minutes = Math.ceil((Date.now() - (produced[0]?.at ?? 0)) / 60_000);
  return asked.filter(([, count]) => count > processes.length * minutes + 1).map(([id]) => String(id));
}

function discardedIn({ fleet }: Rig): ReadonlySet<string> {
  const lines = fleet.logLines;
  return new Set(lines.filter(({ event: name }) => name === 'delivery.discarded').map(({ jobId }) => String(jobId)));
}

/** Of each event, from its production to its first arrival anywhere. */
function latenciesOf({ produced, posts }: History): number[] {
  const firstAt = earliest(
    posts,
    ({ eventId }) => eventId,
    ({ arrivedAt }) => arrivedAt,
  );
  return produced.flatMap(({ eventId, at }) => {
    const arrivedAt = firstAt.get(eventId);
    return arrivedAt === undefined ? [] : [arrivedAt - at];
  });
}

/** How often the registry is asked for the schema of each id; counts on. */
function countQuestions(registry: TcpProxy): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  registry.watch((sent) => {
    for (const [, id] of sent.toString('latin1').matchAll(/^GET \S*\/schemas\/ids\/(\d+)/gm))
      counts.set(Number(id), (counts.get(Number(id)) ?? 0) + 1);
    return 'pass';
  });
  return counts;
}

interface Target {
  readonly topic: string;
  /** A whole, good record of nobody's. */
  readonly whole: (jobId: string) => Buffer;
  /** Whether a damaged one may be sent, if it can still be read. */
  readonly isHarmless: (value: Buffer) => boolean;
  /** Whole records that are sent, too, with each batch. */
  readonly orphans: number;
}

async function eventTargets(system: System): Promise<Target[]> {
  const { callEvents, whatsappEvents } = system.config.topics;
  const targetOf = async (topic: string, record: 'call-event' | 'whatsapp-event'): Promise<Target> => {
    const schema = newestSchema(record);
    const example = event(record === 'call-event' ? 'call.end' : 'message.sent', NOBODY);
    const value = createRecordEncoder<unknown>(schema, await idOf(system, topic, schema)).encode(avroValueOf(example));
    return { topic, whole: () => value, isHarmless: () => true, orphans: 0 };
  };
  return Promise.all([targetOf(callEvents, 'call-event'), targetOf(whatsappEvents, 'whatsapp-event')]);
}

/** Each job has an id of its own: the same one twice would be a job that was made again. */
async function jobTargets(system: System): Promise<Target[]> {
  const { dispatch, overflow, retry, longRetry } = system.config.topics;
  const schema = newestSchema('delivery-job');
  const { decode } = createJobDecoder({ schemaText: () => schema, fetchSchema: () => Promise.reject(new Error()) });
  const job = orphanOf(event('call.end', NOBODY));
  /** One that waits for years would be put back for years, and its group never be at the end of its topic. */
  const isHarmless = (value: Buffer): boolean => {
    try {
      return (decode(value) as Job).notBefore <= job.notBefore;
    } catch {
      return true;
    }
  };
  return Promise.all(
    [dispatch, overflow, retry, longRetry].map(async (topic) => {
      const lane = topic === overflow ? 'overflow' : 'dispatch';
      const { encode } = createJobEncoder(await idOf(system, topic, schema));
      return { topic, whole: (jobId) => encode({ ...job, jobId, lane }), isHarmless, orphans: ORPHANS };
    }),
  );
}

/** A second attempt, which may stand on any topic of jobs. */
function orphanOf(example: EventExample): Omit<Job, 'jobId' | 'lane'> {
  return {
    webhookId: 'wh_nobody',
    companyId: example.company_id,
    eventId: example.event_id,
    eventType: example.event_type,
    conversationId: String(example.data['call_id']),
    attempt: 2,
    postponed: 0,
    notBefore: Date.now(),
    receivedAt: Date.now(),
    // No topic of events: the judge would look there for what it was made of.
    source: { topic: 'nowhere', partition: 0, offset: '0' },
    body: Buffer.from(JSON.stringify(example)),
  };
}

async function idOf({ config }: System, topic: string, schema: string): Promise<number> {
  const registry = createRegistryClient({ url: config.schemaRegistry.url, timeoutMs: 10_000 });
  const id = await registry.findId(subjectOf(topic), schema);
  if (id === undefined) throw new Error(`the schema of ${topic} is not registered`);
  return id;
}

interface Malformed {
  readonly value: Buffer;
  /** It may be a record all the same. */
  readonly readable: boolean;
}

/** Schema ids that no registry has: few, as a pipeline with a wrong setting would write them. */
const UNKNOWN_IDS = [1_000_000, 1_000_001, 2_000_000_000] as const;

function drawn(random: Random, { whole, isHarmless }: Target): Malformed {
  for (;;) {
    const record = malformed(random, whole(random.identifier(20)));
    if (!record.readable || isHarmless(record.value)) return record;
  }
}

function malformed(random: Random, sample: Buffer): Malformed {
  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => random.whole(0, 255)));
  const certain = (value: Buffer): Malformed => ({ value, readable: false });
  switch (random.whole(0, 7)) {
    case 0:
      return certain(bytes(random.whole(0, 4)));
    case 1:
      return certain(Buffer.concat([Buffer.of(random.whole(1, 255)), bytes(random.whole(4, 200))]));
    case 2:
      return certain(Buffer.from(JSON.stringify({ event_id: random.identifier(8), n: random.fraction() })));
    case 3:
      return certain(Buffer.concat([header(random.pick(UNKNOWN_IDS)), bytes(random.whole(0, 100))]));
    case 4:
      return certain(Buffer.concat([header(-random.whole(0, 9)), bytes(random.whole(0, 100))]));
    case 5:
      return certain(sample.subarray(0, random.whole(5, sample.length - 1)));
    case 6:
      return certain(Buffer.concat([sample, bytes(random.whole(1, 20))]));
    default:
      return { value: flipped(random, sample), readable: true };
  }
}

function header(schemaId: number): Buffer {
  const value = Buffer.alloc(5);
  value.writeInt32BE(schemaId, 1);
  return value;
}

/** Some bits of the Avro bytes turned over. */
function flipped(random: Random, sample: Buffer): Buffer {
  const value = Buffer.from(sample);
  for (let count = random.whole(1, 8); count > 0; count -= 1) {
    const at = random.whole(5, value.length - 1);
    value[at] = (value[at] ?? 0) ^ (1 << random.whole(0, 7));
  }
  return value;
}

export const FUZZ_SCENARIOS: readonly Scenario[] = [flood];
