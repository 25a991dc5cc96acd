import type { Stop } from '../history.js';
import { violations, type Violation } from './violation.js';

/** Who supervises it kills it after 30 s, as Kubernetes does unless told: it has to be done before. */
const ENDS_WITHIN_MS = 25_000;

/** I7: of those that were asked to end none may be late, or end with anything but 0. */
export function findBadStops(stops: readonly Stop[]): Violation[] {
  const late = stops.filter(({ ms }) => ms > ENDS_WITHIN_MS).map(({ as, ms }) => `${as} after ${ms} ms`);
  const failed = stops.filter(({ code }) => code !== 0).map(({ as, code }) => `${as} with ${code}`);
  return [
    ...violations('I7', 'a process that ended too late', late),
    ...violations('I7', 'a process that ended in disorder', failed),
  ];
}
