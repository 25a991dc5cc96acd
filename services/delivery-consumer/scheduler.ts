import { Deque } from '../shared/core/deque.js';

/**
 * Decides which job is attempted next. Pure: no I/O, no clock; the handler asks `take` while it may send.
 *
 * "One endpoint can't hurt another": each webhook has its own queue; the queues take turns (round-robin), one job per
 * turn; a webhook has at most `perWebhook` attempts in flight, all together at most `inFlight`. "Order: within a
 * webhook, jobs of one conversation go one at a time": the next one becomes ready when the one before it is released,
 * at the front of its webhook's queue, because it came before those that wait there.
 *
 *   admit → ready (or behind its conversation) → take → in flight → release → next of the conversation is ready
 *
 * It holds what it is given: the bounds on jobs and bytes are enforced where records are read, by pausing partitions.
 */
export interface SchedulerLimits {
  /** Attempts in flight over all webhooks. */
  readonly inFlight: number;
  /** Attempts in flight per webhook. */
  readonly perWebhook: number;
}

/** What the scheduler needs to know of a job. */
export interface Schedulable {
  readonly job: {
    readonly webhookId: string;
    readonly conversationId: string;
    readonly body: { readonly byteLength: number };
  };
}

interface WebhookQueue<J> {
  readonly ready: Deque<J>;
  /** A key for each conversation with a job ready or in flight; its value holds those that wait behind it. */
  readonly conversations: Map<string, Deque<J> | null>;
  inFlight: number;
  /** Whether it stands in the round. */
  queued: boolean;
}

export class Scheduler<J extends Schedulable> {
  readonly #limits: SchedulerLimits;
  readonly #webhooks = new Map<string, WebhookQueue<J>>();
  readonly #round = new Deque<WebhookQueue<J>>();
  #inFlight = 0;
  #jobs = 0;
  #bytes = 0;

  constructor(limits: SchedulerLimits) {
    this.#limits = limits;
  }

  /** Jobs held, those in flight included. */
  get jobs(): number {
    return this.#jobs;
  }

  /** Bytes of the bodies of all jobs held. */
  get bytes(): number {
    return this.#bytes;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Webhooks with at least one job here. */
  get webhooks(): number {
    return this.#webhooks.size;
  }

  admit(item: J): void {
    const { job } = item;
    this.#jobs++;
    this.#bytes += job.body.byteLength;
    const queue = this.#queueOf(job.webhookId);
    const waiting = queue.conversations.get(job.conversationId);
    if (waiting === undefined) {
      queue.conversations.set(job.conversationId, null);
      queue.ready.push(item);
      this.#enterRound(queue);
    } else if (waiting === null) {
      const line = new Deque<J>();
      line.push(item);
      queue.conversations.set(job.conversationId, line);
    } else {
      waiting.push(item);
    }
  }

  /** The next job to attempt, now in flight; undefined when none may go. */
  take(): J | undefined {
    if (this.#inFlight >= this.#limits.inFlight) return undefined;
    const queue = this.#round.shift();
    if (queue === undefined) return undefined;
    queue.queued = false;
    const item = queue.ready.shift();
    queue.inFlight++;
    this.#inFlight++;
    this.#enterRound(queue);
    return item;
  }

  /** Ends the flight of a job that `take` gave. */
  release({ job }: J): void {
    const queue = this.#queueOf(job.webhookId);
    queue.inFlight--;
    this.#inFlight--;
    this.#jobs--;
    this.#bytes -= job.body.byteLength;
    const next = queue.conversations.get(job.conversationId)?.shift();
    if (next === undefined) queue.conversations.delete(job.conversationId);
    else queue.ready.unshift(next);
    if (queue.conversations.size === 0) this.#webhooks.delete(job.webhookId);
    else this.#enterRound(queue);
  }

  #enterRound(queue: WebhookQueue<J>): void {
    if (queue.queued || queue.ready.length === 0 || queue.inFlight >= this.#limits.perWebhook) return;
    queue.queued = true;
    this.#round.push(queue);
  }

  #queueOf(webhookId: string): WebhookQueue<J> {
    let queue = this.#webhooks.get(webhookId);
    if (queue === undefined) {
      queue = { ready: new Deque<J>(), conversations: new Map(), inFlight: 0, queued: false };
      this.#webhooks.set(webhookId, queue);
    }
    return queue;
  }
}
