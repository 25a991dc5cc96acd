import type { GroupName, History, Rules } from '../history.js';
import { attemptName } from './attempt-name.js';
import { placeOf } from './committed-at.js';

/** How far partitions that were added came into use. */
export interface Used {
  /** Groups that read no record of a new partition which led to a POST. */
  readonly unused: readonly GroupName[];
  readonly notes: readonly string[];
}

/** What stands in partitions from `firstNew` on and was posted: jobs, waits, and events by the jobs made of them. */
export function findUsed(
  { records, posts }: Pick<History, 'records' | 'posts'>,
  groups: Rules['groups'],
  names: readonly GroupName[],
  firstNew: number,
): Used {
  const posted = new Set(posts.map(attemptName));
  const places = records
    .filter((record) => posted.has(attemptName(record)))
    .flatMap((record) => [record, record.source])
    .filter(({ partition }) => partition >= firstNew);
  const used = names.map((name) => ({
    name,
    count: new Set(places.filter(({ topic }) => topic === groups[name].topic).map(placeOf)).size,
  }));
  return {
    unused: used.filter(({ count }) => count === 0).map(({ name }) => name),
    notes: [`posted from new partitions, by group: ${used.map(({ name, count }) => `${name} ${count}`).join(', ')}`],
  };
}
