import type { Random } from '../../../deploy/local/simulator/random.js';
import { createRecordEncoder } from '../../../services/shared/platform/avro/record-encoder.js';
import { subjectOf } from '../../../services/shared/platform/avro/register-schemas.js';
import { createRegistryClient } from '../../../services/shared/platform/avro/registry-client.js';
import { newestSchema } from '../../../services/shared/platform/avro/schema-files.js';
import { avroValueOf } from '../../support/event-examples.js';
import { event, type System } from '../../support/system.js';
import type { TcpProxy } from '../../support/tcp-proxy.js';
import { digestOf, findUnparked } from '../check/find-unparked.js';
import { violations } from '../check/violation.js';
import type { Rig } from '../rig.js';
import type { Scenario } from '../scenario.js';
import { proxyOf } from './targets.js';

/**
 * 100,000 malformed records among the good ones: no process ends, each is parked, the good ones arrive, and the registry
 * is asked for an id that it doesn't have once a minute by each process, however many records name it.
 */
const RECORDS = 100_000;
const AT_ONCE = 1_000;

/** Has no webhook, so that a damaged record that still is an event goes nowhere. */
const NOBODY = 'co_nobody';

/** The digests of records that can't be read, by run; damaged ones may still be readable and count in no way. */
const unreadable = new WeakMap<Rig, readonly string[]>();
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
    const { callEvents, whatsappEvents, dispatch, retry } = rig.system.config.topics;
    const samples = {
      [callEvents]: await sampleOf(rig.system, 'call-event', callEvents),
      [whatsappEvents]: await sampleOf(rig.system, 'whatsapp-event', whatsappEvents),
    };
    const certain: string[] = [];
    for (let sent = 0; sent < RECORDS; sent += AT_ONCE) {
      const topic = random.pick([callEvents, callEvents, whatsappEvents, whatsappEvents, dispatch, retry]);
      const sample = samples[topic];
      const poison = Array.from({ length: AT_ONCE }, () => malformed(random, sample));
      certain.push(...poison.filter(({ readable }) => !readable).map(({ value }) => digestOf(value)));
      await rig.system.produceRaw(
        topic,
        poison.map(({ value }) => value),
      );
    }
    unreadable.set(rig, certain);
  },
  examine: ({ letters, processes, produced }, rig) => {
    const certain = unreadable.get(rig);
    if (certain === undefined) throw new Error('not all malformed records were produced');
    const asked = [...(questions.get(rig) ?? [])];
    const minutes = Math.ceil((Date.now() - (produced[0]?.at ?? 0)) / 60_000);
    const unknown = asked.filter(([id]) => UNKNOWN_IDS.some((other) => other === id));
    const tooOften = unknown.filter(([, count]) => count > processes.length * minutes).map(([id]) => String(id));
    return {
      violations: [
        ...violations('I7', 'an id that nobody asked for', unknown.length < UNKNOWN_IDS.length ? ['one'] : []),
        ...violations('I1', 'a malformed record that is no dead letter', findUnparked(certain, letters)),
        ...violations('I7', 'a registry asked too often', tooOften),
      ],
      notes: [
        `${RECORDS} malformed records, ${certain.length} of them unreadable for certain; ${letters.length} dead letters`,
        `questions to the registry by id: ${asked.map(([id, count]) => `${id} ${count}`).join(', ')}`,
      ],
    };
  },
};

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

/** A whole, good record. */
async function sampleOf({ config }: System, record: 'call-event' | 'whatsapp-event', topic: string): Promise<Buffer> {
  const registry = createRegistryClient({ url: config.schemaRegistry.url, timeoutMs: 10_000 });
  const schema = newestSchema(record);
  const id = await registry.findId(subjectOf(topic), schema);
  if (id === undefined) throw new Error(`${record} is not registered`);
  const example = event(record === 'call-event' ? 'call.end' : 'message.sent', NOBODY);
  return createRecordEncoder<unknown>(schema, id).encode(avroValueOf(example));
}

interface Malformed {
  readonly value: Buffer;
  /** It may be a record all the same. */
  readonly readable: boolean;
}

/** Schema ids that no registry has: few, as a pipeline with a wrong setting would write them. */
const UNKNOWN_IDS = [1_000_000, 1_000_001, 2_000_000_000] as const;

function malformed(random: Random, sample: Buffer | undefined): Malformed {
  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => random.whole(0, 255)));
  const certain = (value: Buffer): Malformed => ({ value, readable: false });
  switch (random.whole(0, sample === undefined ? 4 : 7)) {
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
      return certain((sample as Buffer).subarray(0, random.whole(5, (sample as Buffer).length - 1)));
    case 6:
      return certain(Buffer.concat([sample as Buffer, bytes(random.whole(1, 20))]));
    default:
      return { value: flipped(random, sample as Buffer), readable: true };
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
