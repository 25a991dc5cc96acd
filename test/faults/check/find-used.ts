import type { History } from '../history.js';
import { attemptName } from './attempt-name.js';
import { placeOf } from './committed-at.js';

/** How far partitions that were added came into use. */
export interface Used {
  /** Topics of which no record in a new partition led to a POST. */
  readonly unused: readonly string[];
  readonly notes: readonly string[];
}

/** What stands in partitions from `firstNew` on and was posted: jobs, waits, and events by the jobs made of them. */
export function findUsed(
  { records, posts }: Pick<History, 'records' | 'posts'>,
  topics: readonly string[],
  firstNew: number,
): Used {
  const posted = new Set(posts.map(attemptName));
  const places = records
    .filter((record) => posted.has(attemptName(record)))
    .flatMap((record) => [record, record.source])
    .filter(({ partition }) => partition >= firstNew);
  const used = topics.map((topic) => ({
    topic,
    count: new Set(places.filter((place) => place.topic === topic).map(placeOf)).size,
  }));
  return {
    unused: used.filter(({ count }) => count === 0).map(({ topic }) => topic),
    notes: [`posted from new partitions: ${used.map(({ topic, count }) => `${topic} ${count}`).join(', ')}`],
  };
}
