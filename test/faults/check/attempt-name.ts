import type { JobRecord } from '../history.js';
import { placeOf } from './committed-at.js';

/** What the records, the receivers and the failure log call the same attempt by. */
export function attemptName({ jobId, attempt }: { readonly jobId: string; readonly attempt: number }): string {
  return `${jobId}:${attempt}`;
}

/** The same, and how often its endpoint had asked to wait for it. */
export function askedName(record: Pick<JobRecord, 'jobId' | 'attempt' | 'postponed'>): string {
  return `${attemptName(record)}+${record.postponed}`;
}

/** And of which copy of its event: one that was produced twice is made into jobs twice, and rightly so. */
export function madeName(record: JobRecord): string {
  return `${askedName(record)} of ${placeOf(record.source)}`;
}
