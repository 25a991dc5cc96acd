import { hasFinished } from '../../../services/shared/core/offset-map.js';
import type { CommitSample, Place } from '../history.js';
import { groupBy } from './group-by.js';

/** When a commit beyond a place, or one that told that its record had finished, was written for the first time; epoch ms. */
export function committedAt(commits: readonly CommitSample[]): (place: Place) => number {
  const samplesOf = groupBy(
    commits.toSorted((one, other) => one.at - other.at),
    partitionOf,
  );
  return (place) => samplesOf.get(partitionOf(place))?.find((sample) => passes(sample, place.offset))?.at ?? Infinity;
}

export function partitionOf({ topic, partition }: Pick<Place, 'topic' | 'partition'>): string {
  return `${topic}/${partition}`;
}

export function placeOf(place: Place): string {
  return `${partitionOf(place)}/${place.offset}`;
}

function passes({ offset, map }: CommitSample, record: number): boolean {
  return offset > record || (map !== undefined && hasFinished(map, record));
}
