import type { LogLine } from '../receiver/log-line.js';
import type { ProducedEvent } from '../simulator/produce.js';
import type { DemoWebhook } from './demo-webhooks.js';
import { requestFaults } from './request-faults.js';
import { WebhookTally } from './webhook-tally.js';

/**
 * Matches what was produced with what was received, request by request.
 *
 * Every produced event owes one delivery to each active webhook of its company that subscribed to its type. A delivery
 * ends when the endpoint accepted it, or, where the endpoint always fails, with its third attempt. Deliveries that have
 * ended are remembered, so that a request that comes too often is told from one that nobody owes; in a run without
 * end the oldest of them are forgotten.
 */
interface Delivery {
  readonly event: ProducedEvent;
  readonly tally: WebhookTally;
  readonly attempts: Set<number>;
  webhookId: string | undefined;
  ended: boolean;
}

export const ATTEMPTS = 3;
const REMEMBERED = 100_000;
const SHOWN_FAULTS = 20;
const EARLY_MS = 10_000;

export class DeliveryTally {
  readonly webhooks: readonly WebhookTally[];
  /** The first faults of requests, in words. */
  readonly faults: string[] = [];
  /** Requests that were not as promised. */
  wrong = 0;
  /** Events that Kafka acknowledged. */
  produced = 0;
  /** Epoch ms of the first event, and of the last request. */
  firstAt: number | undefined;
  lastAt: number | undefined;
  readonly #byPath: ReadonlyMap<string, WebhookTally>;
  readonly #deliveries = new Map<string, Delivery>();
  /** Requests that came before their event was reported as produced. */
  #early: LogLine[] = [];

  constructor(webhooks: readonly DemoWebhook[]) {
    this.webhooks = webhooks.map((webhook) => new WebhookTally(webhook));
    this.#byPath = new Map(this.webhooks.map((tally) => [tally.path, tally]));
  }

  /** Deliveries that have come to no end yet. */
  get open(): number {
    return this.webhooks.reduce((sum, { open }) => sum + open, 0);
  }

  /** Milliseconds from event to first attempt, at webhooks whose endpoint is healthy. */
  get healthyLatencies(): readonly number[] {
    return this.webhooks.flatMap((tally) => (tally.webhook.behaviour === 'healthy' ? tally.latencies : []));
  }

  addProduced(batch: readonly ProducedEvent[]): void {
    for (const event of batch) {
      if (!event.acked) continue;
      this.produced += 1;
      this.firstAt ??= event.producedAt;
      for (const tally of this.webhooks) {
        if (!owes(event, tally.webhook)) continue;
        tally.expected += 1;
        const delivery = { event, tally, attempts: new Set<number>(), webhookId: undefined, ended: false };
        this.#deliveries.set(keyOf(event.eventId, tally.path), delivery);
      }
    }
    this.#forget();
  }

  /**
   * Takes requests of the receiver's log, each once. One whose event wasn't reported as produced is unexpected when
   * that is still so EARLY_MS later.
   * @param now epoch ms
   */
  addReceived(lines: readonly LogLine[], now: number): void {
    const early = this.#early;
    this.#early = [];
    for (const line of [...early, ...lines]) {
      const delivery = this.#deliveries.get(keyOf(eventIdOf(line), line.endpoint ?? ''));
      if (delivery !== undefined) this.#take(line, delivery);
      else if (now - line.arrivedAt < EARLY_MS) this.#early.push(line);
      else this.#countUnexpected(line);
    }
  }

  #take(line: LogLine, delivery: Delivery): void {
    const { tally, event, attempts } = delivery;
    const attempt = Number(line.headers['webhook-attempt']);
    const accepted = line.status !== null && line.status < 300;
    this.lastAt = Math.max(this.lastAt ?? 0, line.arrivedAt);
    this.#judge(line, delivery);
    if (attempt > 1) tally.retried += 1;
    if (!accepted) tally.refused += 1;
    if (attempts.has(attempt) || delivery.ended) tally.duplicates += 1;
    else if (attempt === 1) tally.addLatency(line.arrivedAt - event.producedAt);
    attempts.add(attempt);
    this.#end(delivery, accepted);
  }

  #end(delivery: Delivery, accepted: boolean): void {
    if (delivery.ended || (!accepted && delivery.attempts.size < ATTEMPTS)) return;
    delivery.ended = true;
    if (accepted) delivery.tally.delivered += 1;
    else delivery.tally.exhausted += 1;
  }

  #countUnexpected({ endpoint }: LogLine): void {
    const tally = this.#byPath.get(endpoint ?? '');
    if (tally !== undefined) tally.unexpected += 1;
  }

  #judge(line: LogLine, delivery: Delivery): void {
    const { tally, event, attempts } = delivery;
    const faults = [...requestFaults(line, tally.webhook, event)];
    const webhookId = String(line.headers['webhook-id']);
    delivery.webhookId ??= webhookId;
    if (webhookId !== delivery.webhookId) faults.push('webhook-id differs between attempts');
    const attempt = Number(line.headers['webhook-attempt']);
    if (!(attempt >= 1 && attempt <= Math.min(attempts.size + 1, ATTEMPTS)))
      faults.push(`webhook-attempt is ${attempt}`);
    if (faults.length === 0) return;
    this.wrong += 1;
    if (this.faults.length < SHOWN_FAULTS) this.faults.push(`${tally.path} ${event.eventId}: ${faults.join('; ')}`);
  }

  #forget(): void {
    if (this.#deliveries.size <= REMEMBERED) return;
    let looks = this.#deliveries.size - REMEMBERED;
    for (const [key, { ended }] of this.#deliveries) {
      if (ended) this.#deliveries.delete(key);
      if ((looks -= 1) <= 0) return;
    }
  }
}

function owes(event: ProducedEvent, webhook: DemoWebhook): boolean {
  return webhook.active && webhook.companyId === event.companyId && webhook.events.includes(event.eventType);
}

function keyOf(eventId: string, path: string): string {
  return `${eventId} ${path}`;
}

function eventIdOf(line: LogLine): string {
  try {
    return String((JSON.parse(Buffer.from(line.body, 'base64').toString()) as { event_id: unknown }).event_id);
  } catch {
    return '';
  }
}
