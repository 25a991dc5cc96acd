import type { FailureDocument } from '../../services/shared/platform/mongo/failure-document.js';
import { pause } from '../support/waiting.js';
import { expectedJobs, isSuccess } from './check/expected-jobs.js';
import type { Produced } from './history.js';
import { answeredStatus } from './posts.js';
import type { Rig } from './rig.js';

const LOOK_EVERY_MS = 250;
/** A double follows within a commit interval and a fetch. */
const QUIET_MS = 1_500;
const LAG_WITHIN_MS = 30_000;

/**
 * Waits until everything has come to an end, `timeoutMs` at most, but for the webhooks that stay sick; and then until the
 * groups have read all. It only waits: what hasn't ended by then is the judge's affair.
 */
export async function settle(
  rig: Rig,
  produced: readonly Produced[],
  { timeoutMs, sick }: { readonly timeoutMs: number; readonly sick: ReadonlySet<string> },
): Promise<void> {
  const subscriptions = rig.subscribers.filter(({ webhookId }) => !sick.has(webhookId));
  const jobs = expectedJobs({ produced, stored: new Map(), subscriptions });
  const open = new Set(jobs.map(({ jobId }) => jobId));
  const deadline = Date.now() + timeoutMs;
  let seen = 0;
  while (Date.now() < deadline) {
    const requests = rig.system.receiver.requests();
    for (; seen < requests.length; seen += 1) {
      const request = requests[seen];
      if (request === undefined || request.completion === 'pending') break;
      if (isSuccess(answeredStatus(request))) open.delete(String(request.headers['webhook-id']));
    }
    if (open.size > 0) for (const jobId of await endedInLog(rig, [...open])) open.delete(jobId);
    if (open.size === 0) break;
    await pause(LOOK_EVERY_MS);
  }
  const lagDeadline = Date.now() + LAG_WITHIN_MS;
  while (Date.now() < lagDeadline && (await anyLag(rig))) await pause(LOOK_EVERY_MS);
  await pause(QUIET_MS);
}

async function endedInLog({ system }: Rig, jobIds: readonly string[]): Promise<string[]> {
  if (jobIds.length > 2_000) return [];
  const filter = { jobId: { $in: jobIds }, 'followUp.kind': { $in: ['exhausted', 'dropped'] as never[] } };
  const entries = await system.mongo.db
    .collection<FailureDocument>('failure_log')
    .find(filter, { projection: { jobId: 1 } })
    .toArray()
    .catch(() => []);
  return entries.map(({ jobId }) => jobId);
}

async function anyLag({ watch, groups }: Rig): Promise<boolean> {
  const lags = await Promise.all(Object.values(groups).map((group) => watch.lagOf(group)));
  return lags.some((lag) => lag !== 0);
}
