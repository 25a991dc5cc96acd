import { simulateEvents } from './life-cycles.js';
import { pipelineSettings } from './pipeline-settings.js';
import { openPipelines, type Pipelines } from './pipelines.js';
import { produceEvents } from './produce.js';
import { SIMULATOR_USAGE, readSimulatorArguments, type SimulatorArguments } from './simulator-arguments.js';

/**
 * `npm run simulate`: produces simulated events at a steady rate. Progress goes to stderr; the last line, on stdout,
 * is the result as JSON. Exit code 0 when every event was acknowledged, 1 when not, 64 for options that make no sense,
 * 69 when Kafka or the registry can't be used, 130 when it was interrupted.
 */
const EXIT = { unacknowledged: 1, usage: 64, unavailable: 69, interrupted: 130 };
const PROGRESS_EVERY_MS = 2_000;

function fail(message: string, code: number): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

let asked: SimulatorArguments;
try {
  asked = readSimulatorArguments(process.argv.slice(2));
} catch (error) {
  fail(`${(error as Error).message}\n${SIMULATOR_USAGE}`, EXIT.usage);
}

let pipelines: Pipelines;
try {
  pipelines = await openPipelines(pipelineSettings(process.env), asked.compression);
} catch (error) {
  fail(`The simulation can't start: ${(error as Error).message}`, EXIT.unavailable);
}

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());

let acked = 0;
const progress = setInterval(
  () => process.stderr.write(`${acked} of ${asked.events} events acknowledged\n`),
  PROGRESS_EVERY_MS,
);
const result = await produceEvents({
  pipelines,
  // Open long enough for a conversation's events to lie seconds apart, as real ones do.
  events: simulateEvents({ ...asked, startAt: Date.now(), open: Math.min(50 + asked.rate * 5, 2_000) }),
  rate: asked.rate,
  onProduced: (batch) => (acked += batch.filter((event) => event.acked).length),
  signal: interruption.signal,
});
clearInterval(progress);
await pipelines.close();

const { rate, seed, companies } = asked;
const seconds = Number(result.seconds.toFixed(3));
const summary = { ...result, seconds, perSecond: Number((result.produced / result.seconds).toFixed(1)) };
process.stdout.write(`${JSON.stringify({ ...summary, asked: { rate, events: asked.events, seed, companies } })}\n`);
if (result.acked < result.produced) process.exitCode = EXIT.unacknowledged;
if (interruption.signal.aborted) process.exitCode = EXIT.interrupted;
