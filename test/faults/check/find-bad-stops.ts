import { violations, type Violation } from './violation.js';

/** A process that was asked to end. */
export interface Stop {
  readonly as: string;
  /** Its exit code, or the signal that ended it. */
  readonly code: number | string;
  /** From the signal to its end. */
  readonly ms: number;
}

/** Who supervises it kills it after 30 s, as Kubernetes does unless told: it has to be done before. */
const ENDS_WITHIN_MS = 25_000;

/** None may be late, or end with anything but 0; and where none was asked, nothing is shown. */
export function findBadStops(stops: readonly Stop[]): Violation[] {
  const late = stops.filter(({ ms }) => ms > ENDS_WITHIN_MS).map(({ as, ms }) => `${as} after ${ms} ms`);
  const failed = stops.filter(({ code }) => code !== 0).map(({ as, code }) => `${as} with ${code}`);
  return [
    ...violations('I7', 'a process that ended too late', late),
    ...violations('I7', 'a process that ended in disorder', failed),
    ...violations('I7', 'nobody was asked to end', stops.length === 0 ? ['none'] : []),
  ];
}
