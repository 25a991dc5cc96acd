import { percentile } from '../../../deploy/local/demo/percentile.js';
import type { History, Life } from '../history.js';

/**
 * Of this age, its second quarter begins after ten minutes: until then a process fills its caches and V8 its heap. In a
 * soak, delivery processes took 150 MB after four minutes, 171 to 189 from the eighth to the fortieth.
 */
export const SEEN_FROM_S = 2_400;
/** A leak goes on; a heap that has not been collected yet doesn't. */
const MOST = 1.2;

/**
 * I10: of who lives for forty minutes or more, the last quarter of its life takes no more memory than the second one.
 * Held against each other is what is left after a collection, the lowest tenth: how far a heap swings above that says
 * nothing of a leak.
 */
export function findGrowth({ lives }: Pick<History, 'lives'>): string[] {
  return lives
    .map((life) => ({ life, ...quartersOf(life) }))
    .filter(({ life, early, late }) => life.rssMb.length >= SEEN_FROM_S && late > early * MOST)
    .map(({ life, early, late }) => `${life.name} from ${Math.round(early)} to ${Math.round(late)} MB`);
}

/** What a life's second and last quarter don't fall below for nine tenths of their time, MB. */
export function quartersOf({ rssMb }: Life): { readonly early: number; readonly late: number } {
  const quarter = Math.floor(rssMb.length / 4);
  const floor = (from: number, to: number): number => percentile(rssMb.slice(from, to), 0.1) ?? 0;
  return { early: floor(quarter, 2 * quarter), late: floor(rssMb.length - quarter, rssMb.length) };
}
