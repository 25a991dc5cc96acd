import type { Document, Filter } from 'mongodb';
import { MAX_DOUBLINGS, probeDelayMs, type ProbePolicy } from '../../core/circuit.js';
import type { CountingPolicy } from '../../core/status.js';
import type { WebhookDocument } from './webhook-document.js';

/**
 * The rules of core/status.ts and core/circuit.ts in MongoDB's words: `countFailure`, `countSuccess` and a failed probe,
 * applied to a webhook one fact after the other, in one update. Whoever changes one changes the other; a property test
 * compares them.
 */
export type StatusFact = FailureFact | SuccessFact | ProbeFailedFact;

export interface FailureFact {
  readonly kind: 'failure';
  readonly attemptId: string;
  readonly startedAt: Date;
  readonly at: Date;
}

export interface SuccessFact {
  readonly kind: 'success';
  readonly at: Date;
}

export interface ProbeFailedFact {
  readonly kind: 'probe-failed';
  readonly at: Date;
  readonly openedAt: Date;
  readonly dueAt: Date;
  readonly probe: number;
  readonly notBefore: Date;
}

const FIELDS = ['status', 'failures', 'circuit', 'statusReason', 'statusChangedAt'] as const;

/** The update that applies the facts in their order. `reason` is the sentence that a Failed webhook shows. */
export function foldUpdate(facts: readonly StatusFact[], policy: CountingPolicy, reason: string): Document[] {
  const before = Object.fromEntries(FIELDS.map((name) => [name, `$${name}`]));
  const folded = {
    $reduce: {
      // A literal: an attempt id that begins with a dollar sign is not an expression.
      input: { $literal: facts },
      initialValue: { ...before, circuit: { $ifNull: ['$circuit', null] } },
      in: afterFact(policy, reason),
    },
  };
  const fields = FIELDS.map((name) => [name, `$folded.${name}`]);
  return [{ $set: { folded } }, { $set: Object.fromEntries(fields) as Document }, { $unset: 'folded' }];
}

/** `$$value` is the state, `$$this` the fact. */
function afterFact(policy: CountingPolicy, reason: string): Document {
  const ignored = {
    $or: [{ $lt: ['$$this.startedAt', '$countsFrom'] }, { $in: ['$$this.attemptId', '$$value.failures.attemptId'] }],
  };
  return {
    $switch: {
      branches: [
        { case: { $eq: ['$$value.status', 'inactive'] }, then: '$$value' },
        { case: { $eq: ['$$this.kind', 'success'] }, then: afterSuccess(policy) },
        { case: { $eq: ['$$this.kind', 'probe-failed'] }, then: afterProbe(policy) },
        { case: ignored, then: '$$value' },
      ],
      default: afterFailure(policy, reason),
    },
  };
}

function afterFailure(policy: CountingPolicy, reason: string): Document {
  const { threshold, windowMs } = policy;
  const windowStart = { $subtract: ['$$this.at', windowMs] };
  const recent = { $filter: { input: '$$value.failures', as: 'old', cond: { $gt: ['$$old.at', windowStart] } } };
  const all = { $concatArrays: [recent, [{ attemptId: '$$this.attemptId', at: '$$this.at' }]] };
  const trips = { $gte: [{ $size: '$$failures' }, threshold] };
  const fails = { $and: [{ $ne: ['$$value.status', 'failed'] }, trips] };
  const nextProbeAt = { $add: ['$$this.at', probeDelayMs(0, policy)] };
  const opened = { openedAt: '$$this.at', probes: 0, nextProbeAt };
  const circuit = { $cond: [trips, { $ifNull: ['$$value.circuit', opened] }, '$$value.circuit'] };
  return {
    $let: {
      vars: { failures: { $slice: [all, -threshold] } },
      in: { ...stateAfter(fails, 'failed', { $literal: reason }), circuit },
    },
  };
}

function afterSuccess({ threshold }: CountingPolicy): Document {
  const left = { $filter: { input: '$$value.failures', as: 'old', cond: { $gt: ['$$old.at', '$$this.at'] } } };
  const recovers = { $and: [{ $eq: ['$$value.status', 'failed'] }, { $lt: [{ $size: '$$failures' }, threshold] }] };
  const circuit = { $cond: [recovers, null, '$$value.circuit'] };
  return { $let: { vars: { failures: left }, in: { ...stateAfter(recovers, 'active', null), circuit } } };
}

/** The state with `$$failures`, and with another status when `changes` holds. */
function stateAfter(changes: Document, status: string, reason: unknown): Document {
  return {
    failures: '$$failures',
    status: { $cond: [changes, status, '$$value.status'] },
    statusReason: { $cond: [changes, reason, '$$value.statusReason'] },
    statusChangedAt: { $cond: [changes, '$$this.at', '$$value.statusChangedAt'] },
  };
}

/** The probe of this circuit, or of none, that was due: anything else was reported before, or is of another circuit. */
function afterProbe({ firstProbeMs, maxProbeMs }: ProbePolicy): Document {
  const next = [
    { $eq: ['$$value.circuit.openedAt', '$$this.openedAt'] },
    { $eq: ['$$value.circuit.nextProbeAt', '$$this.dueAt'] },
  ];
  const expected = {
    $and: [{ $eq: ['$$value.status', 'failed'] }, { $or: [{ $eq: ['$$value.circuit', null] }, { $and: next }] }],
  };
  const doublings = { $pow: [2, { $min: ['$$this.probe', MAX_DOUBLINGS] }] };
  const backedOff = { $add: ['$$this.at', { $min: [maxProbeMs, { $multiply: [firstProbeMs, doublings] }] }] };
  const nextProbeAt = { $max: [backedOff, '$$this.notBefore'] };
  const circuit = { openedAt: '$$this.openedAt', probes: '$$this.probe', nextProbeAt };
  return { $cond: [expected, { $mergeObjects: ['$$value', { circuit }] }, '$$value'] };
}

/** Holds for webhooks that at least one of the facts could change: without it, every success would be a write. */
export function changedBy(facts: readonly StatusFact[], { threshold }: CountingPolicy): Filter<WebhookDocument> {
  const failures = facts.filter((fact) => fact.kind === 'failure');
  const successes = facts.filter((fact) => fact.kind === 'success');
  const causes: Filter<WebhookDocument>[] = [];
  if (failures.length > 0)
    causes.push({
      countsFrom: { $lte: latest(failures.map(({ startedAt }) => startedAt)) },
      'failures.attemptId': { $not: { $all: failures.map(({ attemptId }) => attemptId) } },
    });
  if (successes.length > 0)
    causes.push(
      { failures: { $elemMatch: { at: { $lte: latest(successes.map(({ at }) => at)) } } } },
      { status: 'failed', [`failures.${threshold - 1}`]: { $exists: false } },
    );
  for (const fact of facts)
    if (fact.kind === 'probe-failed')
      causes.push(
        { status: 'failed', circuit: null },
        { status: 'failed', 'circuit.openedAt': fact.openedAt, 'circuit.nextProbeAt': fact.dueAt },
      );
  return { status: { $ne: 'inactive' }, $or: causes };
}

function latest(dates: readonly Date[]): Date {
  return dates.reduce((newest, date) => (date > newest ? date : newest));
}
