import { setTimeout as pause } from 'node:timers/promises';
import { rssMiBOf } from '../../shared/process-usage.js';
import type { Figure } from '../figure.js';
import type { Recipient } from '../samples.js';
import type { Scenario } from '../scenario.js';
import { World } from '../world.js';

const WEBHOOKS = 10;
const PORTION = 50_000;
/** Jobs that always wait in the topic: the process never runs dry. */
const AHEAD = 100_000;
const SAMPLE_MS = 5_000;

/** Ten minutes at full speed over TLS: what the process holds, and whether it grows. */
export const memory: Scenario = {
  id: 'i',
  title: 'memory of a delivery process under full load',
  run: async ({ quick, profile }, say) => {
    const world = await World.open({ profile });
    try {
      const recipients = await world.recipients(WEBHOOKS);
      await generate(world, recipients, 0);
      const service = await world.start('delivery-consumer');
      const load = keepLoaded(world, recipients);
      const sampled = await sampleMemory(service.pid, quick ? 2 : 10, (line) => say(line));
      const delivered = await load.end();
      return figuresOf(sampled, delivered);
    } finally {
      await world.close();
    }
  },
};

async function generate(world: World, recipients: readonly Recipient[], from: number): Promise<void> {
  await world.generate('jobs', recipients, { records: PORTION }, from);
}

function keepLoaded(world: World, recipients: readonly Recipient[]): { readonly end: () => Promise<number> } {
  let ending = false;
  const loading = (async () => {
    for (let produced = PORTION; ;) {
      const { ok } = await world.sink.count();
      if (ending) return ok;
      if (produced - ok < AHEAD) {
        await generate(world, recipients, produced);
        produced += PORTION;
      } else {
        await pause(100);
      }
    }
  })();
  return {
    end: () => {
      ending = true;
      return loading;
    },
  };
}

/** Resident memory in MiB. */
interface Memory {
  /** Of each minute's samples. */
  readonly medians: readonly number[];
  /** Of all samples. */
  readonly most: number;
}

async function sampleMemory(pid: number, minutes: number, say: (line: string) => void): Promise<Memory> {
  const medians: number[] = [];
  let most = 0;
  for (let minute = 1; minute <= minutes; minute += 1) {
    const samples: number[] = [];
    for (let ms = 0; ms < 60_000; ms += SAMPLE_MS) {
      await pause(SAMPLE_MS);
      samples.push(await rssMiBOf(pid));
    }
    const median = samples.sort((a, b) => a - b)[Math.floor(samples.length / 2)] ?? NaN;
    const highest = Math.max(...samples);
    say(`minute ${minute}: ${Math.round(median)} MiB, at most ${Math.round(highest)}`);
    medians.push(median);
    most = Math.max(most, highest);
  }
  return { medians, most };
}

function figuresOf({ medians, most }: Memory, delivered: number): Figure[] {
  const [, second = NaN] = medians;
  return [
    { what: 'deliveries', value: delivered, unit: '' },
    { what: 'memory, second minute', value: second, unit: 'MiB' },
    {
      what: 'memory, last minute',
      value: medians.at(-1) ?? NaN,
      unit: 'MiB',
      limit: second,
      target: { kind: 'at most', value: 1.1, of: 'ratio' },
    },
    {
      what: 'memory, minute with most',
      value: Math.max(...medians),
      unit: 'MiB',
      target: { kind: 'at most', value: 400 },
    },
    { what: 'memory, most of all samples', value: most, unit: 'MiB' },
  ];
}
