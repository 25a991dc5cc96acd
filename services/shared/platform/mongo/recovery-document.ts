/** A webhook with held deliveries, in `recoveries`. */
export interface RecoveryDocument {
  /** The webhook. */
  readonly _id: string;
  readonly companyId: string;
  /** When it is to be looked at: its next probe, or now. */
  readonly dueAt: Date;
  /** Rises with everything that is held: who found nothing held ends the recovery only if nothing was held since. */
  readonly holds: number;
  /** Rises with every change by a person: who puts `dueAt` off does so only if nobody asked to look at once. */
  readonly pokes: number;
  /** The process that looks, until `leaseUntil` at the latest; null when none does. */
  readonly holder: string | null;
  readonly leaseUntil: Date | null;
}
