/** A webhook with held deliveries, in `recoveries`. */
export interface RecoveryDocument {
  /** The webhook. */
  readonly _id: string;
  readonly companyId: string;
  /** When it is to be looked at: its next probe, or at once: `dueFirst`. */
  readonly dueAt: Date;
  /** Rises with everything that is held: who found nothing held ends the recovery only if nothing was held since. */
  readonly holds: number;
  /** Rises with every change by a person: who puts `dueAt` off does so only if nobody asked to look at once. */
  readonly pokes: number;
  /** The process that looks, until `leaseUntil` at the latest; null when none does. */
  readonly holder: string | null;
  readonly leaseUntil: Date | null;
}

/** Longer than a probe is ever late. */
const AHEAD_MS = 3_600_000;

/**
 * The longest due goes first, and hundreds of probes may be late where as many endpoints hang: what somebody asked for, and
 * what follows to an endpoint that is well again, is due before all of them.
 */
export function dueFirst(now: Date): Date {
  return new Date(now.getTime() - AHEAD_MS);
}
