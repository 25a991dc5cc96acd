import type { Document, Filter } from 'mongodb';
import type { FailedPolicy } from '../../core/attempt-policy.js';
import type { WebhookDocument } from './webhook-document.js';

/**
 * The rules of core/status.ts in MongoDB's words: `countFailure` and `countSuccess`, applied to a webhook one fact
 * after the other, in one update. Whoever changes one changes the other; a property test compares them.
 */
export type StatusFact = FailureFact | SuccessFact;

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

export type CountingPolicy = Pick<FailedPolicy, 'threshold' | 'windowMs'>;

/** The update that applies the facts in their order. `reason` is the sentence that a Failed webhook shows. */
export function foldUpdate(facts: readonly StatusFact[], policy: CountingPolicy, reason: string): Document[] {
  const folded = {
    $reduce: {
      // A literal: an attempt id that begins with a dollar sign is not an expression.
      input: { $literal: facts },
      initialValue: {
        status: '$status',
        failures: '$failures',
        statusReason: '$statusReason',
        statusChangedAt: '$statusChangedAt',
      },
      in: afterFact(policy, reason),
    },
  };
  const fields = ['status', 'failures', 'statusReason', 'statusChangedAt'].map((name) => [name, `$folded.${name}`]);
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
        { case: ignored, then: '$$value' },
      ],
      default: afterFailure(policy, reason),
    },
  };
}

function afterFailure({ threshold, windowMs }: CountingPolicy, reason: string): Document {
  const windowStart = { $subtract: ['$$this.at', windowMs] };
  const recent = { $filter: { input: '$$value.failures', as: 'old', cond: { $gt: ['$$old.at', windowStart] } } };
  const all = { $concatArrays: [recent, [{ attemptId: '$$this.attemptId', at: '$$this.at' }]] };
  const fails = { $and: [{ $ne: ['$$value.status', 'failed'] }, { $gte: [{ $size: '$$failures' }, threshold] }] };
  return {
    $let: { vars: { failures: { $slice: [all, -threshold] } }, in: stateAfter(fails, 'failed', { $literal: reason }) },
  };
}

function afterSuccess({ threshold }: CountingPolicy): Document {
  const left = { $filter: { input: '$$value.failures', as: 'old', cond: { $gt: ['$$old.at', '$$this.at'] } } };
  const recovers = { $and: [{ $eq: ['$$value.status', 'failed'] }, { $lt: [{ $size: '$$failures' }, threshold] }] };
  return { $let: { vars: { failures: left }, in: stateAfter(recovers, 'active', null) } };
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
  return { status: { $ne: 'inactive' }, $or: causes };
}

function latest(dates: readonly Date[]): Date {
  return dates.reduce((newest, date) => (date > newest ? date : newest));
}
