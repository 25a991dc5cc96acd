import type { CompanySubscriptions } from '../core/company-subscriptions.js';
import type { Normalized } from '../core/contract.js';
import { renderBody, type Event } from '../core/event.js';
import { refusedJob } from '../core/dead-letter.js';
import { PoisonRecord } from '../core/errors.js';
import { firstJob, type Job } from '../core/job.js';
import type { DeadLetter, Park, SkipReason } from '../core/verdict.js';
import type { EventType, SourcePosition } from '../core/vocabulary.js';

/**
 * Turns a batch of event records into jobs: decode, check, join the company's subscriptions, match, render the body
 * once, publish one job per matching webhook. Both fan-out services run this sequence; they differ in `normalize`.
 *
 * It returns when everything that the batch caused has been acknowledged; only then is the batch committed. Ports wait
 * for a dependency that is away; they throw only when the batch is interrupted, and then nothing is committed.
 *
 * What doubles if the process dies: before the publish, nothing; between publish and commit, the jobs of this batch,
 * with the same job ids. Dead letters go first, so a crash may repeat them, never lose them.
 */
export interface FanOutPorts {
  /** @throws PoisonRecord */
  readonly decode: (value: Buffer | null, signal: AbortSignal) => unknown;
  readonly normalize: (record: unknown) => Normalized;
  readonly lookup: (
    companyIds: readonly string[],
    signal: AbortSignal,
  ) => SubscriptionsByCompany | Promise<SubscriptionsByCompany>;
  /** Publishes in order. @throws PoisonRecord('too-large') when one of the jobs is refused for its size */
  readonly publish: (jobs: readonly Job[], signal: AbortSignal) => Promise<void>;
  readonly park: (letters: readonly DeadLetter[], signal: AbortSignal) => Promise<void>;
  readonly now: () => number;
  readonly observe: FanOutObserver;
}

export type SubscriptionsByCompany = ReadonlyMap<string, CompanySubscriptions>;

export interface FanOutObserver {
  readonly event: (type: EventType) => void;
  /** At least one webhook wants it. */
  readonly matched: (type: EventType) => void;
  /** The jobs of an event were acknowledged, so long after its record was appended. */
  readonly fannedOut: (ageMs: number) => void;
  readonly skipped: (reason: SkipReason) => void;
}

export interface SourceRecord {
  readonly source: SourcePosition;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Epoch ms. */
  readonly timestamp: number;
}

interface Accepted {
  readonly record: SourceRecord;
  readonly event: Event;
}

/** `service` is written into dead letters. */
export function createFanOut(service: string, ports: FanOutPorts) {
  return async function handleBatch(records: readonly SourceRecord[], signal: AbortSignal): Promise<void> {
    const accepted: Accepted[] = [];
    const letters: DeadLetter[] = [];
    for (const record of records) {
      const normalized = await read(ports, record, signal);
      switch (normalized.kind) {
        case 'event':
          accepted.push({ record, event: normalized.event });
          ports.observe.event(normalized.event.eventType);
          break;
        case 'skip':
          ports.observe.skipped(normalized.reason);
          break;
        case 'park':
          letters.push(deadLetter(service, record, normalized, ports.now()));
          break;
      }
    }
    if (letters.length > 0) await ports.park(letters, signal);
    const companyIds = [...new Set(accepted.map(({ event }) => event.companyId))];
    const subscriptions = companyIds.length === 0 ? NONE : await ports.lookup(companyIds, signal);
    const { matched, jobs } = match(accepted, subscriptions);
    if (jobs.length > 0) await publishAll(service, ports, jobs, signal);
    for (const { record, event } of matched) {
      ports.observe.matched(event.eventType);
      ports.observe.fannedOut(ports.now() - record.timestamp);
    }
  };
}

const NONE: SubscriptionsByCompany = new Map();

async function read(ports: FanOutPorts, record: SourceRecord, signal: AbortSignal): Promise<Normalized> {
  if (record.value === null) return { kind: 'skip', reason: 'tombstone' };
  try {
    const decoded = ports.decode(record.value, signal);
    return ports.normalize(decoded instanceof Promise ? await decoded : decoded);
  } catch (error) {
    if (error instanceof PoisonRecord) return { kind: 'park', reason: error.reason, detail: error.message };
    throw error;
  }
}

/** The events that at least one webhook wants, and the jobs of all of them in order. */
function match(accepted: readonly Accepted[], subscriptions: SubscriptionsByCompany) {
  const matched: Accepted[] = [];
  const jobs: Job[] = [];
  for (const entry of accepted) {
    const own = jobsOf(entry, subscriptions);
    if (own.length > 0) matched.push(entry);
    jobs.push(...own);
  }
  return { matched, jobs };
}

function jobsOf({ record, event }: Accepted, subscriptions: SubscriptionsByCompany): Job[] {
  const webhookIds = subscriptions.get(event.companyId)?.matching(event) ?? [];
  if (webhookIds.length === 0) return [];
  const body = renderBody(event);
  return webhookIds.map((webhookId) => firstJob(event, webhookId, body, record.source, record.timestamp));
}

/** Publishes all; when the broker refuses a batch for its size, one by one, so that only the oversized are parked. */
async function publishAll(
  service: string,
  ports: FanOutPorts,
  jobs: readonly Job[],
  signal: AbortSignal,
): Promise<void> {
  try {
    await ports.publish(jobs, signal);
  } catch (error) {
    if (!(error instanceof PoisonRecord)) throw error;
    if (jobs.length > 1) {
      for (const job of jobs) await publishAll(service, ports, [job], signal);
      return;
    }
    const [job] = jobs;
    if (job !== undefined) await ports.park([refusedJob(service, job, error, ports.now())], signal);
  }
}

function deadLetter(service: string, record: SourceRecord, { reason, detail }: Park, parkedAt: number): DeadLetter {
  const { source, key, value } = record;
  return { reason, detail, service, source, parkedAt, key, value, truncated: false };
}
