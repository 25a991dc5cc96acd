import type { Post } from '../history.js';
import { byJob, isSuccess } from './expected-jobs.js';

/** The pause between a failed attempt and the next one. */
export interface RetryWait {
  readonly jobId: string;
  /** When the failed attempt ended, epoch ms. */
  readonly at: number;
  /** From then to the first arrival of the next. */
  readonly ms: number;
}

/** Of every attempt that was answered with a refusal and followed by another one. */
export function retryWaits(posts: readonly Post[]): RetryWait[] {
  return [...byJob(posts).values()].flatMap(waitsOfJob);
}

function waitsOfJob(posts: readonly Post[]): RetryWait[] {
  return posts.flatMap(({ jobId, attempt, status, completedAt }) => {
    const next = posts.filter((post) => post.attempt === attempt + 1).map(({ arrivedAt }) => arrivedAt);
    if (isSuccess(status) || status === undefined || completedAt === undefined || next.length === 0) return [];
    return [{ jobId, at: completedAt, ms: Math.min(...next) - completedAt }];
  });
}
