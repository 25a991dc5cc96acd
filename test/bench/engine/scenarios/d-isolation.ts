import type { Figure } from '../figure.js';
import type { GeneratorResult } from '../generator-task.js';
import { generatorFigure, runPaced, type PacedTask } from '../paced.js';
import { percentilesOf } from '../percentiles.js';
import type { Recipient } from '../samples.js';
import type { Scenario } from '../scenario.js';
import type { SickMode } from '../sink-protocol.js';
import { World } from '../world.js';
import { startAll } from './c-end-to-end.js';

/**
 * One group of cases: the same webhooks at the same rate, with none sick and with some. A full run measures none sick
 * twice, and the others are held against the lower p99 of both: one that a bad moment made high would excuse everything.
 */
interface Group {
  readonly webhooks: number;
  readonly sick: number;
  readonly perSecond: number;
  readonly circuit: Circuit;
  readonly cases: readonly Case[];
}

/**
 * `kept-closed`: no webhook becomes Failed and time-outs are long, so that the sick really hold on, from the warm-up to the
 * end. `as-shipped`: webhooks turn sick as the measurement begins, and become Failed after three failures.
 */
type Circuit = 'kept-closed' | 'as-shipped';

interface Case {
  readonly name: string;
  readonly mode: SickMode;
  readonly seconds: number;
  /** Not measured: whoever does something for the first time compiles it, for seconds on a busy machine. */
  readonly isRehearsal?: true;
}

const hangs = (seconds: number): SickMode => ({ kind: 'hang', ms: seconds * 1_000 });
const NONE: SickMode = { kind: 'answer' };

function noneSick(run: number, seconds: number): Case {
  return { name: `none sick, run ${run}`, mode: NONE, seconds };
}

const QUICK: readonly Group[] = [
  {
    webhooks: 10,
    sick: 1,
    perSecond: 200,
    circuit: 'kept-closed',
    cases: [noneSick(1, 4), { name: '1 of 10 answers after 10 s', mode: hangs(10), seconds: 6 }],
  },
];

/** 1 % of 20 s is 0.2 s: a single collection in the wrong second made the p99. */
const SECONDS = 30;

const FULL: readonly Group[] = [
  {
    webhooks: 10,
    sick: 1,
    perSecond: 200,
    circuit: 'kept-closed',
    cases: [
      noneSick(1, SECONDS),
      noneSick(2, SECONDS),
      { name: '1 of 10 answers after 10 s', mode: hangs(10), seconds: SECONDS },
      { name: '1 of 10 answers after 40 s', mode: hangs(40), seconds: 120 },
    ],
  },
  {
    webhooks: 10,
    sick: 1,
    perSecond: 600,
    circuit: 'kept-closed',
    cases: [
      { name: 'rehearsal: 1 of 10 answers after 2 s', mode: hangs(2), seconds: 10, isRehearsal: true },
      noneSick(1, SECONDS),
      noneSick(2, SECONDS),
      { name: '1 of 10 answers after 10 s', mode: hangs(10), seconds: SECONDS },
    ],
  },
  {
    webhooks: 100,
    sick: 20,
    perSecond: 200,
    circuit: 'as-shipped',
    cases: [
      { name: 'rehearsal: 20 of 100 hang', mode: hangs(60), seconds: 20, isRehearsal: true },
      { name: 'rehearsal: 20 of 100 reset', mode: { kind: 'reset' }, seconds: 10, isRehearsal: true },
      noneSick(1, SECONDS),
      { name: '20 of 100 hang', mode: hangs(60), seconds: SECONDS },
      { name: '20 of 100 drip', mode: { kind: 'drip' }, seconds: SECONDS },
      { name: '20 of 100 reset', mode: { kind: 'reset' }, seconds: SECONDS },
      { name: '20 of 100 answer 500', mode: { kind: 'error' }, seconds: SECONDS },
      noneSick(2, SECONDS),
    ],
  },
];

/** Sick webhooks beside healthy ones: what the healthy ones notice. */
export const isolation: Scenario = {
  id: 'd',
  title: 'isolation: p99 and throughput of the healthy beside the sick',
  run: async ({ quick, profile }, say) => {
    const figures: Figure[] = [];
    for (const group of quick ? QUICK : FULL) figures.push(...(await runGroup(group, quick, profile, say)));
    return figures;
  },
};

interface Healthy {
  /** From event to arrival, ms each. */
  readonly latencies: readonly number[];
  /** Share of the events of healthy webhooks that arrived within the time, and a second. */
  readonly share: number;
  readonly generated: GeneratorResult;
}

interface Measured extends Healthy {
  readonly name: string;
}

async function runGroup(
  group: Group,
  quick: boolean,
  profile: string | undefined,
  say: (line: string) => void,
): Promise<Figure[]> {
  const { webhooks, sick, perSecond, circuit, cases } = group;
  const env = circuit === 'kept-closed' ? KEPT_CLOSED : {};
  // Sick ones that shared an origin with healthy ones would occupy connections that these had opened.
  const ports = webhooks - sick + sick * cases.length;
  const world = await World.open({ profile, ports, env: { SHUTDOWN_TIMEOUT_MS: '90000', ...env } });
  try {
    const healthyOnes = await world.recipients(webhooks - sick, 1);
    await startAll(world);
    const noneSickOnes: Measured[] = [];
    const besideSick: Measured[] = [];
    for (const [index, { name, mode, seconds, isRehearsal }] of cases.entries()) {
      const sickOnes = await world.recipients(sick, 1, () => '/sick');
      await world.sink.mode(circuit === 'kept-closed' ? mode : NONE);
      const healthy = await measureHealthy(world, healthyOnes, sickOnes, {
        perSecond,
        ms: seconds * 1_000,
        warmUpMs: warmUpFor(index === 0, quick),
        onMeasure: () => world.sink.mode(mode),
      });
      // What is held for them, and their probes, would go on beside the next ones.
      if (circuit === 'as-shipped' && mode !== NONE) await world.retire(sickOnes);
      const { p99 } = percentilesOf(healthy.latencies);
      say(`${perSecond}/s, ${name}: p99 ${p99.toFixed(1)} ms, ${(healthy.share * 100).toFixed(1)} %`);
      if (isRehearsal !== true) (mode === NONE ? noneSickOnes : besideSick).push({ name, ...healthy });
    }
    await world.killServices();
    return figuresOf(perSecond, noneSickOnes, besideSick);
  } finally {
    await world.close();
  }
}

const KEPT_CLOSED = { DELIVERY_TIMEOUT_MS: '60000', STATUS_FAILURE_THRESHOLD: '1000' };

/** What all others are held against must not be measured while the compiler still learns, which takes half a minute. */
function warmUpFor(isFirst: boolean, quick: boolean): number {
  if (quick) return 2_000;
  return isFirst ? 30_000 : 5_000;
}

async function measureHealthy(
  world: World,
  healthy: readonly Recipient[],
  sick: readonly Recipient[],
  task: Omit<PacedTask, 'content' | 'recipients'>,
): Promise<Healthy> {
  const recipients = spread(sick, healthy);
  const { notes, generated } = await runPaced(world, { ...task, content: 'events', recipients });
  const expected = (generated.records * healthy.length) / recipients.length;
  return { latencies: notes.ok, share: notes.ok.length / expected, generated };
}

/** The few among the many at equal distances: events come in this order, and who is sick sends no bursts. */
function spread<T>(few: readonly T[], many: readonly T[]): T[] {
  const share = Math.ceil(many.length / few.length);
  return few.flatMap((one, index) => [one, ...many.slice(index * share, (index + 1) * share)]);
}

function figuresOf(perSecond: number, noneSickOnes: readonly Measured[], besideSick: readonly Measured[]): Figure[] {
  const at = `${perSecond}/s`;
  const p99Of = ({ latencies }: Healthy): number => percentilesOf(latencies).p99;
  const p99 = (one: Measured): Figure => ({ what: `${at}, ${one.name}: p99`, value: p99Of(one), unit: 'ms' });
  const limit = Math.min(...noneSickOnes.map(p99Of));
  const latest = [...noneSickOnes, ...besideSick].map(({ generated }) => generated.latestMs);
  return [
    ...noneSickOnes.flatMap((one) => [p99(one), arrived(at, one)]),
    ...besideSick.flatMap((one) => [{ ...p99(one), limit, target: RATIO }, arrived(at, one)]),
    generatorFigure(at, { latestMs: Math.max(...latest) }),
  ];
}

function arrived(at: string, { name, share }: Measured): Figure {
  return { what: `${at}, ${name}: arrived`, value: share * 100, unit: '%', target: { kind: 'at least', value: 95 } };
}

const RATIO = { kind: 'at most', value: 1.5, of: 'ratio' } as const;
