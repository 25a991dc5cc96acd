import type { Circuit, ProbeFailed } from '../../shared/core/circuit.js';
import type { FailureEntry } from '../../shared/core/failure-log.js';
import { droppedEntry, type DropReason, type HoldPolicy } from '../../shared/core/hold.js';
import { attemptIdOf, type Job } from '../../shared/core/job.js';
import type { Status } from '../../shared/core/vocabulary.js';
import type { Attempt, AttemptEnd } from '../handler.js';
import { RecoveryWindow } from './recovery-window.js';

/**
 * Looks after what is held for one webhook, under a lease, from the look at its status until nothing is left to do now.
 *
 *   deleted, Inactive → what is held is discarded: the Owner asked for that
 *   Failed            → nothing until the next probe is due, and up to a third of the wait or 4 s longer (not all that
 *                       failed together are probed in one moment); then what is too old is dropped, with an entry in the
 *                       failure log, and the oldest held event is the probe, one at a time across all processes, as
 *                       nobody else has the lease for as long as a probe may take
 *   Active            → the held events follow in order, throttled, behind live traffic (the dispatcher takes them in)
 *                       one at a time while others wait for a place at the endpoint,
 *                       until the endpoint asks to wait (429 or 503 with Retry-After): then those that haven't begun wait
 *
 * An event is removed from what is held only after everything that its attempt caused has been acknowledged: whoever
 * dies in between doubles the attempts under way, and loses nothing. A process looks after so many webhooks at a time, so
 * a backlog is left after some seconds, for the longest due to have their turn; a probe that is under way takes nobody's
 * place, and one that succeeded ends its look: what follows takes its turn among the backlogs. The status is read from
 * MongoDB itself, and attempts are made of the webhook as it is then; where it became Failed meanwhile, an attempt answers
 * `held` and is made later.
 */
export interface RecoveryPorts {
  readonly stateOf: (lease: Lease) => Promise<WebhookState | undefined>;
  readonly probeFailed: (probe: ProbeFailed & Lease) => Promise<void>;
  /** The oldest held event; undefined where nothing is held. */
  readonly first: (lease: Lease) => Promise<HeldDelivery | undefined>;
  /** At most `limit`, fewer where they are large; none only where nothing is held. */
  readonly oldest: (lease: Lease, limit: number) => Promise<readonly HeldDelivery[]>;
  readonly remove: (lease: Lease, attemptIds: readonly string[]) => Promise<void>;
  /** Gives the lease back; the next look is at `dueAt` (epoch ms) or earlier. */
  readonly putOff: (lease: Lease, dueAt: number) => Promise<void>;
  /** Gives the lease back; its next turn comes before all probes. */
  readonly giveTurn: (lease: Lease) => Promise<void>;
  /** False when something was held meanwhile. */
  readonly end: (lease: Lease) => Promise<boolean>;
  /** Has the attempts that follow see the webhook as it was at this state, or later. */
  readonly refreshUnless: (lease: Lease, state: Pick<WebhookState, 'version' | 'status'>) => void;
  readonly probe: Attempt;
  /** Whether events of the webhook wait here for a place at its endpoint. */
  readonly isBusy: (lease: Lease) => boolean;
  /** Takes a held job in; resolves when its attempt has ended, `held` too when it is not made before the end. */
  readonly deliver: (job: Job) => Promise<AttemptEnd>;
  readonly logFailure: (entry: FailureEntry) => Promise<void>;
  /** Until then, or until it is aborted. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly now: () => number;
  /** From 0 to 1, without 1. */
  readonly random: () => number;
  readonly observe: RecoveryObserver;
}

export interface RecoveryObserver {
  readonly probed: (job: Job, result: 'delivered' | 'failed', probe: number) => void;
  /** A held event was attempted after the webhook became Active. */
  readonly recovered: () => void;
  readonly discarded: (job: Job, reason: 'webhook-deleted' | 'webhook-inactive') => void;
  readonly dropped: (job: Job, reason: DropReason) => void;
}

/** The webhook as it stands at this instant; `version` rises with every change by a person. */
export interface WebhookState {
  readonly version: number;
  readonly status: Status;
  readonly circuit: Circuit | null;
}

export interface Lease {
  readonly companyId: string;
  readonly webhookId: string;
  readonly holds: number;
  readonly pokes: number;
  /** Epoch ms. */
  readonly leasedAt: number;
}

export interface HeldDelivery {
  readonly job: Job;
  readonly expiresAt: number;
}

export interface RecoverySettings {
  readonly hold: HoldPolicy;
  /** The longest that an endpoint may ask to wait; what is held for longer than that was held by a wrong clock. */
  readonly maxWaitMs: number;
  /** Held events that a webhook is given at a time. */
  readonly inFlight: number;
}

/** What a look is told, and tells. */
export interface Look {
  /** Lets it come to an end without leaving anything half done. */
  readonly stopping: AbortSignal;
  /** How long its probe waits: those of looks that began together aren't to begin together, a handshake each. */
  readonly probeAfterMs: number;
  /** Whether it waits for a probe, and for nothing else. */
  readonly probing: (isProbing: boolean) => void;
}

/** What to do next: go on, in another turn or at an instant (epoch ms), or never, because nothing is held. */
type Next = 'again' | 'turn' | 'empty' | number;

const PAGE = 100;
/** What ended is removed by tens: so much a crash may double beside what is in flight. */
const REMOVED_AT_ONCE = 10;
/** Until an event that was held again, because the webhook changed while it was on its way, is looked at again. */
const HELD_AGAIN_MS = 250;
/** The share of the wait by which a probe may be later, so that those of webhooks that failed together are spread. */
const PROBE_SPREAD = 1 / 3;
/** An endpoint that is well again is found out as soon as before, nearly. */
const MAX_PROBE_SPREAD_MS = 4_000;
/** How long a webhook's backlog is worked off before others have their turn; no probe is begun after it. */
const TURN_MS = 5_000;
/** What a probe may take beyond its time-out: to begin within its turn, and to be logged, counted and held. */
const PROBE_MARGIN_MS = 10_000;
const MIN_LEASE_MS = 30_000;
/** How long one that waits is left alone: should it become Failed meanwhile, its circuit says when it is probed. */
const LOOK_AGAIN_MS = 5_000;

/** How long the work of a process that died lies still: for as long as a probe of it may be under way. */
export function leaseMsFor(timeoutMs: number): number {
  return Math.max(MIN_LEASE_MS, timeoutMs + PROBE_MARGIN_MS);
}

interface Turn extends Look {
  readonly window: RecoveryWindow;
  readonly until: number;
}

export class Recovery {
  readonly #settings: RecoverySettings;
  readonly #ports: RecoveryPorts;

  constructor(settings: RecoverySettings, ports: RecoveryPorts) {
    this.#settings = settings;
    this.#ports = ports;
  }

  async look(lease: Lease, look: Look): Promise<void> {
    const window = new RecoveryWindow(this.#settings.inFlight);
    const turn = { ...look, window, until: lease.leasedAt + TURN_MS };
    for (;;) {
      const next = look.stopping.aborted ? 'turn' : await this.#step(lease, turn);
      if (next === 'again') continue;
      if (next === 'turn') return this.#ports.giveTurn(lease);
      if (next === 'empty' && (await this.#ports.end(lease))) return;
      return this.#ports.putOff(lease, next === 'empty' ? this.#ports.now() : next);
    }
  }

  async #step(lease: Lease, turn: Turn): Promise<Next> {
    const state = await this.#ports.stateOf(lease);
    if (state === undefined) return this.#discard(lease, 'webhook-deleted');
    switch (state.status) {
      case 'inactive':
        return this.#discard(lease, 'webhook-inactive');
      case 'failed':
        return this.#tend(lease, state, turn);
      case 'active':
        return this.#drain(lease, state, turn);
    }
  }

  async #discard(lease: Lease, reason: 'webhook-deleted' | 'webhook-inactive'): Promise<Next> {
    const page = await this.#ports.oldest(lease, PAGE);
    if (page.length === 0) return 'empty';
    await this.#ports.remove(lease, page.map(idOf));
    for (const { job } of page) this.#ports.observe.discarded(job, reason);
    return 'again';
  }

  async #tend(lease: Lease, state: WebhookState, turn: Turn): Promise<Next> {
    const now = this.#ports.now();
    // One that failed before there were circuits is probed at once.
    const circuit = state.circuit ?? { openedAt: now, probes: 0, nextProbeAt: now };
    const waitMs = circuit.nextProbeAt - now;
    if (waitMs > 0) {
      const spreadMs = Math.min(waitMs * PROBE_SPREAD, MAX_PROBE_SPREAD_MS);
      return circuit.nextProbeAt + Math.floor(this.#ports.random() * spreadMs);
    }
    const head = await this.#ports.first(lease);
    if (head === undefined) return 'empty';
    if (head.expiresAt <= this.#ports.now()) return this.#dropExpired(lease);
    // A probe that an edit asked for must go to the new endpoint.
    this.#ports.refreshUnless(lease, state);
    return this.#probe(lease, head, circuit, turn);
  }

  async #dropExpired(lease: Lease): Promise<Next> {
    const now = this.#ports.now();
    const expired = (await this.#ports.oldest(lease, PAGE)).filter(({ expiresAt }) => expiresAt <= now);
    await Promise.all(
      expired.map(({ job }) => this.#ports.logFailure(droppedEntry(job, 'held-expired', this.#settings.hold, now))),
    );
    await this.#ports.remove(lease, expired.map(idOf));
    for (const { job } of expired) this.#ports.observe.dropped(job, 'held-expired');
    return 'again';
  }

  /** What is still owed after a failed probe is held by the attempt itself, before the probe is removed here. */
  async #probe(
    lease: Lease,
    held: HeldDelivery,
    { openedAt, probes, nextProbeAt: dueAt }: Circuit,
    turn: Turn,
  ): Promise<Next> {
    turn.probing(true);
    const end = await this.#probed(held.job, turn).finally(() => turn.probing(false));
    if (end === undefined) return 'turn';
    const probe = probes + 1;
    const failed = end === 'failed' || typeof end === 'object';
    if (failed || end === 'delivered') {
      await this.#ports.remove(lease, [idOf(held)]);
      this.#ports.observe.probed(held.job, failed ? 'failed' : end, probe);
    }
    if (failed) {
      const notBefore = end === 'failed' ? 0 : end.postponedUntil;
      await this.#ports.probeFailed({
        ...lease,
        kind: 'probe-failed',
        at: this.#ports.now(),
        openedAt,
        dueAt,
        probe,
        notBefore,
      });
    }
    return end === 'delivered' ? 'turn' : 'again';
  }

  /** Undefined when the process stops, or slept so long that the lease may soon be another's. */
  async #probed(job: Job, { probeAfterMs, stopping, until }: Turn): Promise<AttemptEnd | undefined> {
    await this.#ports.pause(probeAfterMs, stopping);
    if (stopping.aborted || this.#ports.now() >= until) return undefined;
    return this.#ports.probe(job, 'probe');
  }

  /** Whether its endpoint asked for more time. */
  #waits({ job: { notBefore } }: HeldDelivery): boolean {
    const now = this.#ports.now();
    return notBefore > now && notBefore <= now + this.#settings.maxWaitMs;
  }

  async #drain(lease: Lease, state: WebhookState, { window, stopping, until }: Turn): Promise<Next> {
    const page = await this.#ports.oldest(lease, PAGE);
    const [head] = page;
    if (head === undefined) return 'empty';
    if (this.#waits(head)) return Math.min(head.job.notBefore, this.#ports.now() + LOOK_AGAIN_MS);
    this.#ports.refreshUnless(lease, state);
    const wave = new Wave(lease, window, this.#ports);
    for (const held of page) {
      await wave.room();
      if (wave.isOver || stopping.aborted || this.#waits(held)) break;
      wave.start(held);
      if (this.#ports.now() >= until) break;
    }
    await wave.end();
    if (wave.blocked) return this.#ports.now() + HELD_AGAIN_MS;
    return this.#ports.now() >= until ? 'turn' : 'again';
  }
}

/** Held events of one webhook on their way, no more at a time than the window allows. */
class Wave {
  /** An attempt was not made, because the webhook is Failed again. */
  blocked = false;
  /** Nothing more may be started: it is blocked, or the endpoint asked to wait. */
  isOver = false;
  readonly #lease: Lease;
  readonly #window: RecoveryWindow;
  readonly #ports: RecoveryPorts;
  readonly #inFlight = new Set<Promise<void>>();
  #ended: string[] = [];

  constructor(lease: Lease, window: RecoveryWindow, ports: RecoveryPorts) {
    this.#lease = lease;
    this.#window = window;
    this.#ports = ports;
  }

  async room(): Promise<void> {
    while (this.#inFlight.size >= this.#places) await Promise.race(this.#inFlight);
    if (this.#ended.length >= REMOVED_AT_ONCE) await this.#remove();
  }

  /** Live events aren't to wait behind more than one. */
  get #places(): number {
    return this.#ports.isBusy(this.#lease) ? 1 : this.#window.size;
  }

  start(held: HeldDelivery): void {
    const underWay = this.#deliver(held).finally(() => this.#inFlight.delete(underWay));
    this.#inFlight.add(underWay);
    // Whoever waits for it gets the error; without a handler of its own it would end the process before.
    underWay.catch(() => undefined);
  }

  async end(): Promise<void> {
    try {
      await Promise.all(this.#inFlight);
    } finally {
      await this.#remove();
    }
  }

  async #deliver(held: HeldDelivery): Promise<void> {
    const end = await this.#ports.deliver(held.job);
    if (end === 'held') {
      this.blocked = this.isOver = true;
      return;
    }
    this.#ended.push(idOf(held));
    if (typeof end === 'object') this.isOver = true;
    if (end === 'delivered') this.#window.succeeded();
    else this.#window.failed();
    if (typeof end !== 'object') this.#ports.observe.recovered();
  }

  async #remove(): Promise<void> {
    const ended = this.#ended;
    this.#ended = [];
    await this.#ports.remove(this.#lease, ended);
  }
}

function idOf({ job }: HeldDelivery): string {
  return attemptIdOf(job);
}
