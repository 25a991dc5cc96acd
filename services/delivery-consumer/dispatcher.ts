import type { Job } from '../shared/core/job.js';
import type { AttemptEnd, Origin } from './handler.js';
import { Scheduler, type SchedulerLimits } from './scheduler.js';

/**
 * The shell around the scheduler: starts attempts while the scheduler gives jobs, and ends what they came with: the
 * record of a topic, or a place in what is held.
 *
 * An admission is finished when its attempt returned, and not before. A job whose partition was lost meanwhile isn't
 * begun: the new owner will. `drain` lets what is here go out; at `abandon` nothing new is begun, and what isn't
 * finished then stays uncommitted and comes again elsewhere.
 */
export interface DispatcherOptions {
  readonly limits: SchedulerLimits;
  readonly attempt: (job: Job, origin: Origin) => Promise<AttemptEnd>;
  /** What an attempt threw: the process was interrupted, or it is a bug. */
  readonly onError: (error: unknown) => void;
}

/** What a job came with. */
export interface Admission {
  /** Revoked: it isn't ours any more. */
  readonly progress: { readonly revoked: boolean };
  finish(end: AttemptEnd): void;
}

interface Item {
  readonly job: Job;
  readonly origin: Origin;
  readonly admission: Admission;
}

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #scheduler: Scheduler<Item>;
  #abandoned = false;
  #waiting: (() => void)[] = [];

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#scheduler = new Scheduler(options.limits);
  }

  /** For gauges and bounds: jobs, bytes, inFlight, webhooks. */
  get load(): Pick<Scheduler<Item>, 'jobs' | 'bytes' | 'inFlight' | 'webhooks'> {
    return this.#scheduler;
  }

  admit(job: Job, origin: Origin, admission: Admission): void {
    this.#scheduler.admit({ job, origin, admission });
    this.#pump();
  }

  /** Resolves when every job here has gone out. */
  async drain(): Promise<void> {
    while (this.#scheduler.jobs > 0 && !this.#abandoned) await this.#nextRelease();
  }

  /** Begins nothing more; resolves when what is in flight has ended. */
  async abandon(): Promise<void> {
    this.#abandoned = true;
    this.#wake();
    while (this.#scheduler.inFlight > 0) await this.#nextRelease();
  }

  #pump(): void {
    while (!this.#abandoned) {
      const item = this.#scheduler.take();
      if (item === undefined) return;
      // In this loop, not through #run: a lost partition can leave more jobs behind than the stack has frames.
      if (item.admission.progress.revoked) this.#release(item);
      else void this.#run(item);
    }
  }

  async #run(item: Item): Promise<void> {
    try {
      item.admission.finish(await this.#options.attempt(item.job, item.origin));
    } catch (error) {
      this.#options.onError(error);
    }
    this.#release(item);
    this.#pump();
  }

  #release(item: Item): void {
    this.#scheduler.release(item);
    if (this.#waiting.length > 0) this.#wake();
  }

  #nextRelease(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
