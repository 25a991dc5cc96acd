import type { PoisonRecord } from './errors.js';
import { jobKeyOf, type Job } from './job.js';
import type { DeadLetter } from './verdict.js';

/** Cuts what a dead letter carries to `maxBytes`, so that an oversized record can be parked at all. */
export function cutToFit(letter: DeadLetter, maxBytes: number): DeadLetter {
  const { key, value } = letter;
  if ((key?.byteLength ?? 0) + (value?.byteLength ?? 0) <= maxBytes) return letter;
  const shortKey = key === null ? null : key.subarray(0, Math.min(key.byteLength, 1024));
  const shortValue = value === null ? null : value.subarray(0, Math.max(0, maxBytes - 1024));
  return { ...letter, key: shortKey, value: shortValue, truncated: true };
}

/** The letter about a job that a topic refuses, for its size; it carries the body, and the position of its event. */
export function refusedJob(service: string, job: Job, refusal: PoisonRecord, parkedAt: number): DeadLetter {
  return {
    reason: refusal.reason,
    detail: `the job for webhook ${job.webhookId}: ${refusal.message}`,
    service,
    source: job.source,
    parkedAt,
    key: Buffer.from(jobKeyOf(job)),
    value: job.body,
    truncated: false,
  };
}
