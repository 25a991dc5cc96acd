import TinyQueue from 'tinyqueue';
import { FifoQueue } from '../shared/core/fifo-queue.js';

/**
 * Decides which job is attempted next. Pure: no I/O, no clock of its own; the dispatcher asks `take` while it may send.
 *
 * "One endpoint can't hurt another": each webhook has its own queue; the queues take turns (round-robin), one job per
 * turn; a webhook has at most as many attempts in flight as its pace allows, all together at most `inFlight`. Webhooks
 * that aren't known to be fast share at most `slowInFlight` of those among them: however many endpoints hang, they can't
 * fill the global cap. An eighth of it is kept for them, and of eight attempts that begin one is theirs if it may go, so
 * that a rush of fast ones starves them neither of places nor, where places are always free, of turns. Those that nobody
 * knows yet go before the slow, and `unknownInFlight` of them go in any case: after a restart a webhook shows that
 * it is fast however many others hang. When webhooks turn slow, what they have in flight counts among the slow from then
 * on, and may exceed the bounds until it ends. "Order: within a webhook, jobs of one conversation go one at a time":
 * the next one becomes ready when the one before it has landed. Among those that are ready the one that was admitted
 * first goes first: a busy conversation neither overtakes the others of its webhook nor falls behind them.
 *
 *   admit → ready (or behind its conversation) → take → in flight → land → release
 *                                                                     └ next of the conversation is ready
 *
 * What waits for a webhook that is slow may be taken out again (`evictSlow`): it goes where such webhooks are served.
 *
 * A job has landed when its endpoint is done with it and only our own writes are awaited: they hold its memory, but
 * neither its conversation nor a place of its webhook, whose endpoint has nothing to do with them.
 *
 * It holds what it is given: the bounds on jobs and bytes are enforced where records are read, by pausing partitions.
 */
export interface SchedulerLimits {
  /** Attempts in flight over all webhooks. */
  readonly inFlight: number;
  /** Of these, to webhooks that aren't fast. */
  readonly slowInFlight: number;
  /** Beside these, to webhooks that haven't answered yet; more of them share with the slow. */
  readonly unknownInFlight: number;
}

/** What is known of a webhook: nothing before its first answer. */
export type PaceKind = 'fast' | 'unknown' | 'slow';

/** What the scheduler needs to know of a job. */
export interface Schedulable {
  readonly job: {
    readonly webhookId: string;
    readonly conversationId: string;
    readonly body: { readonly byteLength: number };
  };
  /** False when it is admitted; from then on the scheduler's. */
  landed: boolean;
}

/** What the scheduler needs to know of a webhook; instants are those that it is given. */
export interface WebhookPace {
  /** Attempts that the webhook may have in flight now. */
  readonly cap: number;
  readonly kind: PaceKind;
  began(now: number): void;
  ended(now: number): void;
  isStalled(now: number): boolean;
}

/** A job, and how many were admitted before it. */
interface Admitted<J> {
  readonly item: J;
  readonly number: number;
}

const firstAdmitted = (one: Admitted<unknown>, other: Admitted<unknown>): number => one.number - other.number;

/** What a webhook has here that hasn't landed. */
interface WebhookQueue<J> {
  readonly pace: WebhookPace;
  /** The one that was admitted first at the head. */
  readonly ready: TinyQueue<Admitted<J>>;
  /** A key for each conversation with a job ready or in flight; its value holds those that wait behind it. */
  readonly conversations: Map<string, FifoQueue<Admitted<J>> | null>;
  jobs: number;
  bytes: number;
  inFlight: number;
  /** As what it counts, and among whom it takes turns. */
  kind: PaceKind;
  /** Whether it stands in the round of its kind, and between whom. */
  queued: boolean;
  before: WebhookQueue<J> | undefined;
  after: WebhookQueue<J> | undefined;
}

/** A webhook's queue, in numbers. */
export interface QueueSize {
  readonly waiting: number;
  readonly bytes: number;
  readonly inLine: boolean;
}

const EMPTY: QueueSize = { waiting: 0, bytes: 0, inLine: false };
/** The part of the global cap, and of the attempts that begin, that fast webhooks leave to the others. */
const KEPT_FOR_SLOW = 1 / 8;
/** After so many attempts to fast webhooks it is another's turn. */
const FAST_IN_A_ROW = 1 / KEPT_FOR_SLOW - 1;

export class Scheduler<J extends Schedulable> {
  readonly #limits: SchedulerLimits;
  readonly #keptForSlow: number;
  readonly #paceOf: (webhookId: string) => WebhookPace;
  readonly #webhooks = new Map<string, WebhookQueue<J>>();
  readonly #rounds = { fast: new Round<J>(), unknown: new Round<J>(), slow: new Round<J>() };
  readonly #inFlight = { fast: 0, unknown: 0, slow: 0 };
  #landed = 0;
  #fastInARow = 0;
  #admitted = 0;
  #jobs = 0;
  #bytes = 0;
  #slowJobs = 0;
  #slowBytes = 0;

  constructor(limits: SchedulerLimits, paceOf: (webhookId: string) => WebhookPace) {
    this.#limits = limits;
    this.#keptForSlow = Math.min(limits.slowInFlight, Math.floor(limits.inFlight * KEPT_FOR_SLOW));
    this.#paceOf = paceOf;
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
    return this.#inFlight.fast + this.slowInFlight;
  }

  /** Of these, to webhooks that aren't fast. */
  get slowInFlight(): number {
    return this.#inFlight.unknown + this.#inFlight.slow;
  }

  /** Jobs that haven't landed of webhooks that aren't fast. */
  get slowJobs(): number {
    return this.#slowJobs;
  }

  /** Bytes of their bodies. */
  get slowBytes(): number {
    return this.#slowBytes;
  }

  /** Jobs taken and not released yet: those in flight, and those that have landed. */
  get underWay(): number {
    return this.inFlight + this.#landed;
  }

  /** Webhooks with at least one job here that hasn't landed. */
  get webhooks(): number {
    return this.#webhooks.size;
  }

  /** What a job finds here of its webhook. */
  queueFor({ webhookId, conversationId }: Schedulable['job']): QueueSize {
    const queue = this.#webhooks.get(webhookId);
    if (queue === undefined) return EMPTY;
    const { jobs, bytes, inFlight, conversations } = queue;
    return { waiting: jobs - inFlight, bytes, inLine: conversations.has(conversationId) };
  }

  /** Whether a job of the webhook could go, and finds no place. */
  isWaitedFor(webhookId: string): boolean {
    return (this.#webhooks.get(webhookId)?.ready.length ?? 0) > 0;
  }

  admit(item: J): void {
    const { job } = item;
    const queue = this.#queueOf(job.webhookId);
    const admitted = { item, number: this.#admitted++ };
    this.#jobs++;
    this.#bytes += job.body.byteLength;
    this.#count(queue, 1, job.body.byteLength);
    const waiting = queue.conversations.get(job.conversationId);
    if (waiting === undefined) {
      queue.conversations.set(job.conversationId, null);
      queue.ready.push(admitted);
      this.#enterRound(queue);
    } else if (waiting === null) {
      const line = new FifoQueue<Admitted<J>>();
      line.push(admitted);
      queue.conversations.set(job.conversationId, line);
    } else {
      waiting.push(admitted);
    }
  }

  /** The next job to attempt, now in flight; undefined when none may go. */
  take(now: number): J | undefined {
    for (let kind = this.#openRound(); kind !== undefined; kind = this.#openRound()) {
      const queue = this.#rounds[kind].shift() as WebhookQueue<J>;
      // A webhook that turned slow or fast since it entered takes its turn among its like.
      this.#classify(queue);
      if (kind !== queue.kind || queue.inFlight >= queue.pace.cap || queue.ready.length === 0) continue;
      const { item } = queue.ready.pop() as Admitted<J>;
      queue.pace.began(now);
      queue.inFlight++;
      this.#inFlight[kind]++;
      this.#fastInARow = kind === 'fast' ? this.#fastInARow + 1 : 0;
      this.#enterRound(queue);
      return item;
    }
    return undefined;
  }

  /** Ends the flight of a job that `take` gave, once; it is still to be released. */
  land(item: J, now: number): void {
    if (item.landed) return;
    item.landed = true;
    this.#landed++;
    const { job } = item;
    const queue = this.#queueOf(job.webhookId);
    this.#classify(queue);
    queue.pace.ended(now);
    queue.inFlight--;
    this.#inFlight[queue.kind]--;
    this.#count(queue, -1, -job.body.byteLength);
    const next = queue.conversations.get(job.conversationId)?.shift();
    if (next === undefined) queue.conversations.delete(job.conversationId);
    else queue.ready.push(next);
    if (queue.conversations.size === 0) this.#webhooks.delete(job.webhookId);
    else this.#enterRound(queue);
  }

  /** Ends a job that `take` gave, landed or not. */
  release(item: J, now: number): void {
    this.land(item, now);
    this.#landed--;
    this.#jobs--;
    this.#bytes -= item.job.body.byteLength;
  }

  /** Looks for webhooks that let their attempts lie unanswered: what they have in flight counts among the slow. */
  noteStalled(now: number): void {
    for (const queue of this.#webhooks.values()) {
      if (queue.inFlight > 0 && queue.pace.isStalled(now)) this.#classify(queue);
    }
  }

  /**
   * Takes out what waits for slow webhooks of which one job `pins`: all that may leave, each conversation in its order,
   * because it would wait for long. What is in flight stays.
   */
  evictSlow(pins: (item: J) => boolean, mayLeave: (item: J) => boolean): J[] {
    const evicted: J[] = [];
    for (const [webhookId, queue] of this.#webhooks) {
      if (queue.pace.kind !== 'slow' || !isPinned(queue, pins)) continue;
      this.#evict(queue, mayLeave, evicted);
      if (queue.conversations.size === 0) this.#webhooks.delete(webhookId);
    }
    return evicted;
  }

  #evict(queue: WebhookQueue<J>, mayLeave: (item: J) => boolean, evicted: J[]): void {
    const leave = ({ item }: Admitted<J>): void => {
      evicted.push(item);
      this.#count(queue, -1, -item.job.body.byteLength);
      this.#jobs--;
      this.#bytes -= item.job.body.byteLength;
    };
    const mayAllLeave = (line: readonly Admitted<J>[]): boolean => line.every(({ item }) => mayLeave(item));
    const staying = new Map<string, Admitted<J>>();
    for (let head = queue.ready.pop(); head !== undefined; head = queue.ready.pop()) {
      const { conversationId } = head.item.job;
      const line = [head, ...(queue.conversations.get(conversationId) ?? [])];
      if (mayAllLeave(line)) {
        line.forEach(leave);
        queue.conversations.delete(conversationId);
      } else {
        staying.set(conversationId, head);
      }
    }
    for (const head of staying.values()) queue.ready.push(head);
    // Behind those in flight.
    for (const [conversationId, line] of queue.conversations) {
      if (line === null || staying.has(conversationId) || !mayAllLeave([...line])) continue;
      for (const admitted of line) leave(admitted);
      queue.conversations.set(conversationId, null);
    }
  }

  #count(queue: WebhookQueue<J>, jobs: number, bytes: number): void {
    queue.jobs += jobs;
    queue.bytes += bytes;
    if (queue.kind === 'fast') return;
    this.#slowJobs += jobs;
    this.#slowBytes += bytes;
  }

  /** The round whose next webhook may go; undefined when none may. */
  #openRound(): PaceKind | undefined {
    const { inFlight, slowInFlight, unknownInFlight } = this.#limits;
    const { fast, unknown, slow } = this.#inFlight;
    const shared = slow + Math.max(0, unknown - unknownInFlight);
    const left = Math.max(this.#keptForSlow, Math.min(shared, slowInFlight));
    const mayFast = !this.#rounds.fast.isEmpty && fast + left < inFlight;
    if (mayFast && this.#fastInARow < FAST_IN_A_ROW) return 'fast';
    return this.#openRoundOfOthers(fast + shared < inFlight && shared < slowInFlight) ?? (mayFast ? 'fast' : undefined);
  }

  /** `hasRoom`: among the places that the unknown share with the slow. */
  #openRoundOfOthers(hasRoom: boolean): 'unknown' | 'slow' | undefined {
    if (!this.#rounds.unknown.isEmpty && (hasRoom || this.#inFlight.unknown < this.#limits.unknownInFlight))
      return 'unknown';
    return !this.#rounds.slow.isEmpty && hasRoom ? 'slow' : undefined;
  }

  #classify(queue: WebhookQueue<J>): void {
    const { kind } = queue.pace;
    if (kind === queue.kind) return;
    const { jobs, bytes } = queue;
    if (queue.queued) this.#rounds[queue.kind].remove(queue);
    this.#inFlight[queue.kind] -= queue.inFlight;
    this.#inFlight[kind] += queue.inFlight;
    this.#count(queue, -jobs, -bytes);
    queue.kind = kind;
    this.#count(queue, jobs, bytes);
    this.#enterRound(queue);
  }

  #enterRound(queue: WebhookQueue<J>): void {
    if (queue.queued || queue.ready.length === 0 || queue.inFlight >= queue.pace.cap) return;
    this.#rounds[queue.kind].push(queue);
  }

  #queueOf(webhookId: string): WebhookQueue<J> {
    let queue = this.#webhooks.get(webhookId);
    if (queue === undefined) {
      const pace = this.#paceOf(webhookId);
      queue = {
        pace,
        ready: new TinyQueue<Admitted<J>>([], firstAdmitted),
        conversations: new Map(),
        jobs: 0,
        bytes: 0,
        inFlight: 0,
        kind: pace.kind,
        queued: false,
        before: undefined,
        after: undefined,
      };
      this.#webhooks.set(webhookId, queue);
    }
    return queue;
  }
}

/** The jobs of a conversation are in one partition: the first that waits tells for all. */
function isPinned<J>({ ready, conversations }: WebhookQueue<J>, pins: (item: J) => boolean): boolean {
  for (const { item } of ready.data) if (pins(item)) return true;
  for (const line of conversations.values()) {
    const first = line?.peek();
    if (first !== undefined && pins(first.item)) return true;
  }
  return false;
}

/** Webhooks that take turns: a list through themselves, so that who turns slow or fast leaves it at once. */
class Round<J> {
  #first: WebhookQueue<J> | undefined;
  #last: WebhookQueue<J> | undefined;

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  push(queue: WebhookQueue<J>): void {
    queue.queued = true;
    queue.before = this.#last;
    if (this.#last === undefined) this.#first = queue;
    else this.#last.after = queue;
    this.#last = queue;
  }

  shift(): WebhookQueue<J> | undefined {
    const queue = this.#first;
    if (queue !== undefined) this.remove(queue);
    return queue;
  }

  remove(queue: WebhookQueue<J>): void {
    const { before, after } = queue;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    queue.before = queue.after = undefined;
    queue.queued = false;
  }
}
