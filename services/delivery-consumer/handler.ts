import {
  countsAsFailure,
  decideNext,
  retryOrGiveUp,
  whileFailed,
  type Decision,
  type FailureDecision,
} from '../shared/core/decision.js';
import type { AttemptPolicy, FailedPolicy } from '../shared/core/attempt-policy.js';
import { failureEntry } from '../shared/core/failure-entry.js';
import type { FailureEntry } from '../shared/core/failure-log.js';
import { droppedEntry, type DropReason, type HoldPolicy } from '../shared/core/hold.js';
import { attemptIdOf, type Job } from '../shared/core/job.js';
import { classify, type Outcome, type SendResult } from '../shared/core/outcome.js';
import { buildRequest, compileEndpoint, type Endpoint, type HttpRequest } from '../shared/core/request.js';
import type { UnreadableWebhook, Webhook } from '../shared/core/webhook.js';
import type { RecentResults } from './recent-results.js';

/**
 * Makes one attempt of a job and everything that follows from it.
 *
 *   1 look at the webhook as it is now: gone or Inactive → the job is discarded; Failed → it is held, or, beyond the
 *     bounds, dropped with an entry in the failure log; only a probe goes on
 *   2 build the request, send it, classify what came back
 *   3 delivered → reset the failure counter, if there is something to reset
 *   4 failed    → disable a webhook whose endpoint is gone, or publish the retry, if attempts are left; log the failure;
 *     count it, unless the fault is ours. One that may make the webhook Failed is counted first, which tells whether it
 *     is: then the attempts that are left are held
 *
 * When the endpoint is done with it, it has landed: others of the webhook and of its conversation may go. Our own writes
 * hold nobody up but for the count that may make the webhook Failed, and nothing follows the attempt that did, that found
 * the endpoint gone, or whose event has to wait among what is held.
 *
 * It returns when all of that has been acknowledged; only then may the record's offset go. Ports wait for a dependency
 * that is away, so a step is repeated alone: MongoDB being away never makes us POST again.
 *
 * What doubles if the process dies: before 2, nothing; from 2 until the record is committed, this attempt (the same
 * webhook-id); after the retry was published, that retry, too. The failure entry, the count and what is held don't:
 * all are keyed by the attempt. Nothing is lost at any point, because the job itself is still uncommitted.
 */
export interface AttemptPorts {
  /** Undefined when it is deleted. */
  readonly findWebhook: (companyId: string, webhookId: string) => Found | Promise<Found>;
  readonly send: (request: HttpRequest, webhookId: string) => Promise<SendResult>;
  /** `waitMs`: from the failed attempt's end until the job is due, however the clock was set since. */
  readonly publishRetry: (job: Job, waitMs: number) => Promise<void>;
  readonly logFailure: (entry: FailureEntry) => Promise<void>;
  /** Whether the webhook is Failed with this failure counted. */
  readonly countFailure: (failure: FailureToCount) => Promise<boolean>;
  /**
   * Makes the webhook Inactive: its endpoint answered 410 Gone. False when it was enabled, or got another endpoint, since it
   * was read for the attempt, of which `countsFrom` tells.
   */
  readonly disableGone: (gone: SuccessToCount & { readonly countsFrom: number }) => Promise<boolean>;
  readonly countSuccess: (success: SuccessToCount) => Promise<void>;
  /** `owed`: it was let in before, by an attempt or as a held event, so no bound of count or bytes applies. */
  readonly hold: (job: Job, owed: boolean) => Promise<'held' | 'full'>;
  readonly recent: RecentResults;
  /** Waits before an attempt that our own side couldn't make is tried again. */
  readonly pause: () => Promise<void>;
  readonly now: () => number;
  readonly observe: AttemptObserver;
}

type Found = Webhook | UnreadableWebhook | undefined;

export interface FailureToCount {
  readonly companyId: string;
  readonly webhookId: string;
  readonly attemptId: string;
  /** Epoch ms, like all instants here. */
  readonly startedAt: number;
  readonly at: number;
  /**
   * End of the last success that this process has seen by now: it forgives what ended before it. Asked when the failure
   * is written, which may be much later than when it was made, where MongoDB was away meanwhile.
   */
  readonly lastSuccessAt: () => number | undefined;
}

export interface SuccessToCount {
  readonly companyId: string;
  readonly webhookId: string;
  readonly at: number;
}

export interface AttemptObserver {
  readonly attempted: (report: AttemptReport) => void;
  readonly held: (job: Job) => void;
  readonly dropped: (job: Job, reason: DropReason) => void;
  readonly discarded: (job: Job, reason: 'webhook-deleted' | 'webhook-inactive') => void;
  readonly unmade: (job: Job, detail: string) => void;
}

export interface AttemptReport {
  readonly job: Job;
  readonly webhook: Webhook | UnreadableWebhook;
  readonly request: HttpRequest | null;
  readonly outcome: Exclude<Outcome, { kind: 'unmade' }>;
  readonly decision: Decision;
  readonly startedAt: number;
  readonly endedAt: number;
}

type Failed = Extract<Outcome, { kind: 'failed' }>;

interface Made extends Omit<AttemptReport, 'outcome' | 'decision'> {
  readonly endpoint: Endpoint;
}

export interface AttemptSettings {
  readonly attempts: AttemptPolicy;
  readonly failed: FailedPolicy;
  readonly hold: HoldPolicy;
  readonly userAgent: string;
}

/** How the job came: from its topic, from what is held for an Active webhook, or as the probe of a Failed one. */
export type Origin = 'topic' | 'held' | 'probe';

/** What became of a job: `discarded` and `held` without an attempt, `failed` whatever follows. */
export type AttemptEnd = 'delivered' | 'failed' | 'discarded' | 'held' | 'dropped' | Postponed;

/** Its endpoint asked to wait: it is held on. */
export interface Postponed {
  /** Until when, epoch ms. */
  readonly postponedUntil: number;
}

export type Attempt = (job: Job, origin: Origin, landed?: () => void) => Promise<AttemptEnd>;

export function createAttempt(settings: AttemptSettings, ports: AttemptPorts): Attempt {
  const endpointOf = endpoints(settings.userAgent);
  const hold = createHold(settings, ports);
  const followFailure = createFollowFailure(settings, ports, hold);

  /** Undefined when the attempt was not really made: it is to be made again. */
  const make = async (
    job: Job,
    webhook: Webhook | UnreadableWebhook,
    origin: Origin,
    landed: () => void,
  ): Promise<AttemptEnd | undefined> => {
    const endpoint = endpointOf(webhook);
    const startedAt = ports.now();
    const request = endpoint.kind === 'endpoint' ? buildRequest(job, endpoint, startedAt) : null;
    const outcome = classify(request === null ? refusal(endpoint) : await ports.send(request, job.webhookId));
    if (outcome.kind === 'unmade') {
      ports.observe.unmade(job, outcome.detail);
      return undefined;
    }
    const endedAt = ports.now();
    if (outcome.kind === 'failed') {
      const made = { job, webhook, endpoint, request, startedAt, endedAt };
      const planned = await followFailure(made, outcome, origin, landed);
      return waitsHeld(planned) ? { postponedUntil: planned.next.notBefore } : 'failed';
    }
    const decision = { kind: 'delivered' } as const;
    ports.observe.attempted({ job, webhook, request, outcome, decision, startedAt, endedAt });
    const settling = settleSuccess(ports, webhook, endedAt, origin === 'probe', landed);
    if (settling !== undefined) await settling;
    return 'delivered';
  };

  return async function attempt(job: Job, origin: Origin, landed = () => undefined): Promise<AttemptEnd> {
    for (;;) {
      const found = ports.findWebhook(job.companyId, job.webhookId);
      const webhook = found instanceof Promise ? await found : found;
      if (webhook === undefined) return discard(ports, job, 'webhook-deleted');
      const status = 'status' in webhook ? webhook.status : 'active';
      if (status === 'inactive') return discard(ports, job, 'webhook-inactive');
      if (status === 'failed' && origin !== 'probe') {
        landed();
        return hold({ ...job, notBefore: 0 }, isOwed(job, origin));
      }
      const end = await make(job, webhook, origin, landed);
      if (end !== undefined) return end;
      await ports.pause();
    }
  };
}

/** What was let in before, as a held event or by an attempt, is owed: no bound applies to it. */
function isOwed({ attempt, postponed }: Job, origin: Origin): boolean {
  return origin === 'held' || attempt > 1 || postponed > 0;
}

function discard({ observe }: AttemptPorts, job: Job, reason: 'webhook-deleted' | 'webhook-inactive'): AttemptEnd {
  observe.discarded(job, reason);
  return 'discarded';
}

/** What doesn't change between the attempts of a webhook is compiled once. */
function endpoints(userAgent: string): (webhook: Webhook | UnreadableWebhook) => Endpoint {
  const compiled = new WeakMap<Webhook, Endpoint>();
  return (webhook) => {
    if ('unreadable' in webhook) return { kind: 'refused', fault: webhook.unreadable };
    let endpoint = compiled.get(webhook);
    if (endpoint === undefined) compiled.set(webhook, (endpoint = compileEndpoint(webhook, userAgent)));
    return endpoint;
  };
}

type Hold = (job: Job, owed: boolean) => Promise<AttemptEnd>;

/** Holds a job; one for which there is no room is dropped, with an entry in the failure log. */
function createHold(settings: AttemptSettings, ports: AttemptPorts): Hold {
  return async (job, owed) => {
    if ((await ports.hold(job, owed)) === 'held') {
      ports.observe.held(job);
      return 'held';
    }
    await ports.logFailure(droppedEntry(job, 'held-full', settings.hold, ports.now()));
    ports.observe.dropped(job, 'held-full');
    return 'dropped';
  };
}

function createFollowFailure(settings: AttemptSettings, ports: AttemptPorts, hold: Hold) {
  const goOn = async (decision: FailureDecision, made: Made): Promise<void> => {
    if (!('next' in decision)) return;
    if (decision.kind === 'held' || waitsHeld(decision)) await hold(decision.next, true);
    else await ports.publishRetry(decision.next, decision.next.notBefore - made.endedAt);
  };

  /** An endpoint that is gone takes its webhook along, unless that has got another one since it was read. */
  const plan = async ({ job, webhook, endedAt }: Made, outcome: Failed, isHeld: boolean): Promise<FailureDecision> => {
    const { companyId, webhookId } = job;
    const planned = decideNext(job, outcome, settings.attempts, endedAt, isHeld);
    if (planned.kind !== 'gone' || 'unreadable' in webhook) return planned;
    const { countsFrom } = webhook;
    const isGone = await ports.disableGone({ companyId, webhookId, countsFrom, at: endedAt });
    return isGone ? planned : retryOrGiveUp(job, settings.attempts, endedAt);
  };

  /** The webhook whose count this failure raises; a fault of ours, or an endpoint that asks to wait, counts nowhere. */
  const countedOn = (decision: FailureDecision, { webhook }: Made): Webhook | undefined => {
    const counts = settings.failed.counts === 'attempts' ? countsAsFailure(decision) : decision.kind === 'exhausted';
    return counts && !('unreadable' in webhook) ? webhook : undefined;
  };

  /** Returns what was planned before it was known whether the webhook is Failed. */
  return async function followFailure(
    made: Made,
    outcome: Failed,
    origin: Origin,
    landed: () => void,
  ): Promise<FailureDecision> {
    const { job, webhook, endpoint, request, startedAt, endedAt } = made;
    const planned = await plan(made, outcome, origin !== 'topic');
    const counting = countedOn(planned, made);
    const mayTrip = counting !== undefined && ports.recent.failed(counting, endedAt) >= settings.failed.threshold;
    const count = (): Promise<boolean> => ports.countFailure(failureOf(ports, job, startedAt, endedAt));
    const isFailed = mayTrip && (await count());
    const decision = isFailed || origin === 'probe' ? whileFailed(planned) : planned;
    ports.observe.attempted({ job, webhook, request, outcome, decision, startedAt, endedAt });
    if (!isFailed && mayFollow(decision)) landed();
    const secrets = endpoint.kind === 'endpoint' ? endpoint.secretHeaders : [];
    await Promise.all([
      goOn(decision, made),
      ports.logFailure(failureEntry(job, request, secrets, outcome, decision, endedAt)),
      counting !== undefined && !mayTrip && count(),
    ]);
    return planned;
  };
}

/**
 * Tells of a success where it may reset something; undefined where it can't, as nearly always. A probe's is told whatever
 * is remembered here: the webhook that was read may be older than the circuit.
 */
function settleSuccess(
  ports: AttemptPorts,
  webhook: Webhook | UnreadableWebhook,
  at: number,
  isProbe: boolean,
  landed: () => void,
): Promise<void> | undefined {
  if ('unreadable' in webhook) return undefined;
  const { id: webhookId, companyId } = webhook;
  const forgivesUntil = ports.recent.succeeded(webhook, at);
  if (forgivesUntil === undefined && !isProbe) return undefined;
  landed();
  return ports.countSuccess({ companyId, webhookId, at: forgivesUntil ?? at });
}

/** Whether the event waits among what is held, because its endpoint asked for that. */
function waitsHeld(decision: FailureDecision): decision is Extract<FailureDecision, { kind: 'postponed' }> {
  return decision.kind === 'postponed' && decision.held;
}

function mayFollow(decision: FailureDecision): boolean {
  return decision.kind !== 'gone' && !waitsHeld(decision);
}

function failureOf(ports: AttemptPorts, job: Job, startedAt: number, at: number): FailureToCount {
  const { companyId, webhookId } = job;
  return {
    companyId,
    webhookId,
    attemptId: attemptIdOf(job),
    startedAt,
    at,
    lastSuccessAt: () => ports.recent.lastSuccessAt(webhookId),
  };
}

function refusal(endpoint: Endpoint): SendResult {
  const detail = endpoint.kind === 'refused' ? endpoint.fault : '';
  return { kind: 'no-answer', failure: 'invalid-request', detail, durationMs: 0 };
}
