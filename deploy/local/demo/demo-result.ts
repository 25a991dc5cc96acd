import type { DeliveryTally } from './delivery-tally.js';
import { percentile } from './percentile.js';

/**
 * What `npm start -- --once` prints as its last line.
 *
 * expected = delivered + exhausted + held + lost. `p50Ms` and `p99Ms` are counted over the first attempts at webhooks
 * whose endpoint is healthy, from the instant at which the simulator took the event (before it was encoded and
 * produced) to the instant at which the receiver had read the headers of the request; both processes share a clock.
 * The system was run in before, by the events of another company (warm-up.ts).
 * `seconds` is from the first event to the last request.
 */
export interface DemoResult {
  /** Every delivery came to its end, each request was as promised, and nothing came that nobody owed. */
  readonly ok: boolean;
  /** Events that Kafka acknowledged. */
  readonly produced: number;
  /** Deliveries owed: produced events times the active webhooks that subscribed to them. */
  readonly expected: number;
  readonly delivered: number;
  /** Deliveries to the endpoint that always fails, each attempted exactly three times. */
  readonly exhausted: number;
  /** Deliveries that wait for a Failed webhook to recover. */
  readonly held: number;
  readonly lost: number;
  readonly duplicates: number;
  /** Requests that nobody owed: of another company, an unsubscribed type, a disabled webhook. */
  readonly unexpected: number;
  /** Requests whose URL, headers or body were not as promised. */
  readonly wrong: number;
  /** Second and third attempts. */
  readonly retried: number;
  /** Attempts that an endpoint refused. */
  readonly failedAttempts: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly seconds: number;
  /** Memory of all servers and processes (resident set sizes), at its highest. */
  readonly memoryMiB: number;
}

export function demoResult(tally: DeliveryTally, held: number, memoryMiB: number): DemoResult {
  const sum = (count: 'expected' | 'delivered' | 'exhausted' | 'duplicates' | 'unexpected' | 'retried' | 'refused') =>
    tally.webhooks.reduce((total, webhook) => total + webhook[count], 0);
  const lost = Math.max(0, tally.open - held);
  // Every kind of endpoint but one accepts in the end.
  const wronglyEnded = tally.webhooks.some(
    ({ webhook, exhausted, delivered }) => (webhook.behaviour === 'failing' ? delivered : exhausted) > 0,
  );
  const unexpected = sum('unexpected');
  return {
    ok: lost === 0 && tally.wrong === 0 && unexpected === 0 && !wronglyEnded && tally.produced > 0,
    produced: tally.produced,
    expected: sum('expected'),
    delivered: sum('delivered'),
    exhausted: sum('exhausted'),
    held: Math.min(held, tally.open),
    lost,
    duplicates: sum('duplicates'),
    unexpected,
    wrong: tally.wrong,
    retried: sum('retried'),
    failedAttempts: sum('refused'),
    p50Ms: percentile(tally.healthyLatencies, 0.5),
    p99Ms: percentile(tally.healthyLatencies, 0.99),
    seconds: tally.firstAt === undefined ? 0 : Math.round(((tally.lastAt ?? tally.firstAt) - tally.firstAt) / 100) / 10,
    memoryMiB,
  };
}
