import { DEMO_COMPANIES, DEMO_WEBHOOKS } from './demo/demo-webhooks.js';
import { DEMO_USAGE, readDemoArguments, type DemoArguments } from './demo/demo-arguments.js';
import { demoResult } from './demo/demo-result.js';
import { startDemoSession, type DemoSession } from './demo/demo-session.js';
import { DeliveryTally } from './demo/delivery-tally.js';
import { renderLine, renderTable, type ViewFacts } from './demo/live-view.js';
import { Screen } from './demo/screen.js';
import { warmUp } from './demo/warm-up.js';
import { watchDeliveries } from './demo/watch-deliveries.js';
import { simulateEvents } from './simulator/life-cycles.js';
import { produceEvents } from './simulator/produce.js';
import { StackError } from './stack-error.js';
import { onStarterGone } from './starter-gone.js';

/**
 * `npm start`: the whole product on this machine, from simulated calls to the endpoints of three companies.
 *
 * Starts the servers, the services and the endpoints, produces events, and shows what becomes of them until Ctrl-C.
 * With `--once` it produces a number of events, waits until all is delivered, holds every single request against what
 * was promised, and prints the result (DemoResult) as one line of JSON, the last one on stdout; everything else goes
 * to stderr. Exit code: 0 when all is well, 1 when something was lost or wrong or a service ended by itself, 64 for
 * options that make no sense, 69 when a server can't be had, 130 when `--once` was interrupted.
 */
const EXIT = { failed: 1, usage: 64, unavailable: 69, interrupted: 130 };
const LINE_EVERY_MS = 3_000;

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const interruption = new AbortController();
const failure = new AbortController();

function readArguments(): DemoArguments {
  try {
    return readDemoArguments(process.argv.slice(2));
  } catch (error) {
    say(`${(error as Error).message}\n${DEMO_USAGE}`);
    process.exit(EXIT.usage);
  }
}

/** Shows the counts: a table in place on a terminal, else a line now and then. */
function viewOf(tally: DeliveryTally): (facts: ViewFacts) => void {
  if (process.stderr.isTTY) {
    const screen = new Screen(process.stderr);
    return (facts) => screen.show(renderTable(tally, facts));
  }
  let shownAt = 0;
  return (facts) => {
    if (performance.now() - shownAt < LINE_EVERY_MS) return;
    shownAt = performance.now();
    say(renderLine(tally, facts));
  };
}

async function play(asked: DemoArguments, session: DemoSession, signal: AbortSignal): Promise<number> {
  if (asked.once) await warmUp(session, signal);
  const tally = new DeliveryTally(DEMO_WEBHOOKS);
  let allProduced = false;
  const producing = produceEvents({
    pipelines: session.pipelines,
    events: simulateEvents({
      ...{ seed: asked.seed, events: asked.events, companies: DEMO_COMPANIES },
      // Open long enough for a conversation's events to lie seconds apart, as real ones do.
      ...{ startAt: Date.now(), open: Math.min(50 + asked.rate * 5, 2_000) },
    }),
    rate: asked.rate,
    onProduced: (batch) => tally.addProduced(batch),
    signal,
  }).then((result) => {
    allProduced = true;
    if (result.acked < result.produced) say(`Kafka did not acknowledge every event: ${result.lastError ?? ''}`);
  });
  const watched = await watchDeliveries({
    ...{ session, tally, signal, show: viewOf(tally) },
    allProduced: () => asked.once && allProduced,
  });
  await producing;
  if (!asked.once || signal.aborted) return 0;
  for (const fault of tally.faults) say(fault);
  const result = demoResult(tally, watched.held, watched.peakMemoryMiB);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return result.ok ? 0 : EXIT.failed;
}

async function run(asked: DemoArguments): Promise<number> {
  const signal = AbortSignal.any([interruption.signal, failure.signal]);
  let session: DemoSession | undefined;
  try {
    session = await startDemoSession({
      ...{ temporary: asked.once, report: say, signal },
      onServiceEnded: (sentence) => failure.abort(new StackError(sentence)),
    });
    say(`Everything runs, ${(performance.now() / 1_000).toFixed(1)} s after the start of this process`);
    const code = await play(asked, session, signal);
    failure.signal.throwIfAborted();
    return interruption.signal.aborted && asked.once ? EXIT.interrupted : code;
  } catch (error) {
    if (interruption.signal.aborted) return asked.once ? EXIT.interrupted : 0;
    if (!(error instanceof StackError)) throw error;
    say(error.message);
    return failure.signal.aborted ? EXIT.failed : EXIT.unavailable;
  } finally {
    await session?.stop();
  }
}

const asked = readArguments();
// A Ctrl-C comes twice: from the terminal and from the script that started us.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interruption.abort());
onStarterGone(() => interruption.abort());
process.exitCode = await run(asked);
