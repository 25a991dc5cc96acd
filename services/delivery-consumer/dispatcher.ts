import type { Job } from '../shared/core/job.js';
import type { AttemptEnd, Origin } from './handler.js';
import type { OverflowGate } from './overflow/overflow-gate.js';
import { Scheduler, type SchedulerLimits } from './scheduler.js';
import type { Paces } from './pace.js';

/**
 * The shell around the scheduler: starts attempts while the scheduler gives jobs, and ends what they came with: the
 * record of a topic, or a place in what is held.
 *
 * An admission is finished when its attempt returned, and not before. A job whose partition was lost meanwhile isn't
 * begun: the new owner will. A job that finds its webhook's queue full leaves for the overflow topic, and is finished
 * when it is acknowledged there. So does all that waits for a slow webhook when one of its jobs holds back the commit of
 * its partition so far that the partition would soon be paused, for everybody, or when those that aren't fast have half of
 * the memory for jobs. `drain` lets what is here go out; at
 * `abandon` nothing new is begun, and what isn't finished then stays uncommitted and comes again elsewhere.
 */
export interface DispatcherOptions {
  readonly limits: SchedulerLimits;
  readonly paces: Paces;
  /** Where the surplus of full queues goes; undefined where it stays, on the overflow lane itself. */
  readonly overflow: Overflow | undefined;
  /** Milliseconds of a clock that doesn't go back. */
  readonly now: () => number;
  /** `landed` is called when the endpoint is done with it, if our own writes take longer. */
  readonly attempt: (job: Job, origin: Origin, landed: () => void) => Promise<AttemptEnd>;
  /** What an attempt threw: the process was interrupted, or it is a bug. */
  readonly onError: (error: unknown) => void;
}

export interface Overflow {
  readonly gate: OverflowGate;
  /** Sends a job to the overflow topic; resolves when it is acknowledged. */
  readonly send: (job: Job) => Promise<void>;
  /** Uncommitted records of a partition at which jobs that wait for a slow webhook leave. */
  readonly atUncommitted: number;
}

/** What a job came with. */
export interface Admission {
  /** Revoked: it isn't ours any more. `span`: uncommitted records of its partition. */
  readonly progress: { readonly revoked: boolean; readonly span: number };
  finish(end: AttemptEnd | 'overflowed'): void;
}

interface Item {
  readonly job: Job;
  readonly origin: Origin;
  readonly admission: Admission;
  landed: boolean;
}

/** How often stalled webhooks are looked for. */
const STALL_CHECK_MS = 250;
/**
 * Jobs that are begun, or found to be another's, in one turn of the event loop. Answers are read in between: where they
 * are here by the next turn, there are never many more in flight than this, over as few connections, whatever the caps
 * allow. More would only wait in sockets for this process, and cost it more each. More than are admitted in a turn, so
 * that jobs of fast endpoints don't pile up in memory and grow old there (DECISIONS 51).
 */
const PER_TURN = 24;

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #scheduler: Scheduler<Item>;
  readonly #stallCheck: NodeJS.Timeout;
  #leaving = { jobs: 0, bytes: 0 };
  #abandoned = false;
  #pumping = false;
  #begunInTurn = 0;
  #waiting: (() => void)[] = [];

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#scheduler = new Scheduler(options.limits, options.paces.of);
    // After the answers that came while we ourselves were busy: our own delay is no endpoint's slowness.
    this.#stallCheck = setInterval(() => setImmediate(() => this.#noteStalled()), STALL_CHECK_MS);
    this.#stallCheck.unref();
  }

  /** Jobs here, those on their way to the overflow topic included. */
  get jobs(): number {
    return this.#scheduler.jobs + this.#leaving.jobs;
  }

  get bytes(): number {
    return this.#scheduler.bytes + this.#leaving.bytes;
  }

  get inFlight(): number {
    return this.#scheduler.inFlight;
  }

  /** Jobs begun and not finished. */
  get underWay(): number {
    return this.#scheduler.underWay;
  }

  get slowInFlight(): number {
    return this.#scheduler.slowInFlight;
  }

  get webhooks(): number {
    return this.#scheduler.webhooks;
  }

  /** Whether a job of the webhook could go, and finds no place. */
  isWaitedFor(webhookId: string): boolean {
    return this.#scheduler.isWaitedFor(webhookId);
  }

  admit(job: Job, origin: Origin, admission: Admission): void {
    const { overflow } = this.#options;
    if (overflow !== undefined && origin === 'topic' && !this.#abandoned && this.#isSurplus(job, overflow.gate))
      return void this.#leave(job, admission, overflow);
    this.#scheduler.admit({ job, origin, admission, landed: false });
    this.#pump();
  }

  /** Resolves when every job here has gone out. */
  async drain(): Promise<void> {
    while (this.jobs > 0 && !this.#abandoned) await this.#nextRelease();
  }

  /** Begins nothing more; resolves when what is under way has ended. */
  async abandon(): Promise<void> {
    this.#abandoned = true;
    this.#wakeAll();
    while (this.#scheduler.underWay > 0) await this.#nextRelease();
    clearInterval(this.#stallCheck);
  }

  #isSurplus(job: Job, gate: OverflowGate): boolean {
    const { waiting, bytes, inLine } = this.#scheduler.queueFor(job);
    const isSlow = this.#options.paces.of(job.webhookId).kind === 'slow';
    const { slowJobs, slowBytes, webhooks } = this.#scheduler;
    const hasNeighbours = webhooks > (waiting > 0 ? 1 : 0);
    const facts = { waiting, bytes, inLine, isSlow, hasNeighbours, slowJobs, slowBytes };
    return gate.isSurplus(job, facts, this.#options.now());
  }

  async #leave(job: Job, admission: Admission, overflow: Overflow): Promise<void> {
    const bytes = job.body.byteLength;
    this.#leaving.jobs += 1;
    this.#leaving.bytes += bytes;
    try {
      await overflow.send(job);
      admission.finish('overflowed');
    } catch (error) {
      this.#options.onError(error);
    }
    this.#leaving.jobs -= 1;
    this.#leaving.bytes -= bytes;
    this.#wakeAll();
  }

  #noteStalled(): void {
    this.#scheduler.noteStalled(this.#options.now());
    if (this.#options.overflow !== undefined && !this.#abandoned) this.#evict(this.#options.overflow);
    this.#pump();
  }

  #evict(overflow: Overflow): void {
    const isCrowded = overflow.gate.isCrowded(this.#scheduler);
    const evicted = this.#scheduler.evictSlow(
      ({ admission }) => isCrowded || admission.progress.span >= overflow.atUncommitted,
      ({ origin }) => origin === 'topic',
    );
    for (const { job, admission } of evicted) {
      if (admission.progress.revoked) continue;
      overflow.gate.noteLeft(job, this.#options.now());
      void this.#leave(job, admission, overflow);
    }
    if (evicted.length > 0) this.#wakeAll();
  }

  /** A job that lands as it begins comes back here while we are at it: the loop goes on, and the stack doesn't grow. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#begunInTurn < PER_TURN && this.#beginNext());
    this.#pumping = false;
  }

  /** Whether there was one that may go. */
  #beginNext(): boolean {
    const item = this.#abandoned ? undefined : this.#scheduler.take(this.#options.now());
    if (item === undefined) return false;
    if (this.#begunInTurn === 0) setImmediate(() => this.#nextTurn());
    this.#begunInTurn += 1;
    if (item.admission.progress.revoked) this.#release(item);
    else void this.#run(item);
    return true;
  }

  /** After the answers that came meanwhile. */
  #nextTurn(): void {
    this.#begunInTurn = 0;
    this.#pump();
  }

  async #run(item: Item): Promise<void> {
    try {
      item.admission.finish(await this.#options.attempt(item.job, item.origin, () => this.#land(item)));
    } catch (error) {
      this.#options.onError(error);
    }
    this.#release(item);
    this.#pump();
  }

  #land(item: Item): void {
    this.#scheduler.land(item, this.#options.now());
    this.#pump();
  }

  #release(item: Item): void {
    this.#scheduler.release(item, this.#options.now());
    this.#wakeAll();
  }

  #nextRelease(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wakeAll(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
