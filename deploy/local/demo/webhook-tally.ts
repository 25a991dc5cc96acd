import { pathOf, type DemoWebhook } from './demo-webhooks.js';

/** Latencies that the percentiles of a run without end are of: the newest ones. */
const KEPT_LATENCIES = 20_000;

/** The counts of one webhook. A delivery is one event on its way to it; a request is one attempt of a delivery. */
export class WebhookTally {
  readonly webhook: DemoWebhook;
  readonly path: string;
  /** Deliveries that produced events owe to this webhook. */
  expected = 0;
  /** Deliveries that the endpoint accepted. */
  delivered = 0;
  /** Deliveries of which all attempts were refused. */
  exhausted = 0;
  /** Requests that weren't the first of their delivery. */
  retried = 0;
  /** Requests that the endpoint refused. */
  refused = 0;
  /** Requests that came once more: the same attempt, or one after it had been accepted. */
  duplicates = 0;
  /** Requests that belong to no produced event that this webhook subscribed to. */
  unexpected = 0;
  readonly #latencies: number[] = [];

  constructor(webhook: DemoWebhook) {
    this.webhook = webhook;
    this.path = pathOf(webhook);
  }

  /** Deliveries that have come to no end yet. */
  get open(): number {
    return this.expected - this.delivered - this.exhausted;
  }

  /** Milliseconds from the event to the arrival of its first attempt. */
  get latencies(): readonly number[] {
    return this.#latencies;
  }

  addLatency(ms: number): void {
    this.#latencies.push(ms);
    if (this.#latencies.length > 2 * KEPT_LATENCIES) this.#latencies.splice(0, KEPT_LATENCIES);
  }
}
