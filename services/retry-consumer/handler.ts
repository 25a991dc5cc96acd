import { dueAt, holdFor } from '../shared/core/delay.js';
import type { Job } from '../shared/core/job.js';
import type { AdmittedRecord } from '../shared/core/partition-progress.js';

/**
 * Holds retries until they are due and puts each back on the lane that it came from.
 *
 * "A retry is the same job with attempt + 1; one topic per fixed delay, so records are due in order. 3 s means 3.0 to
 * 3.2 s at p99." Records are admitted into memory and wait on monotonic timers there; no handler sleeps, heartbeats go
 * on. A record is finished when its job was acknowledged by the broker.
 *
 * The topic for longer waits holds a record until its own fixed delay after it was appended at most; one that is not due
 * then goes back to the end of that topic, so that its records, also those of very long waits, never keep the others from
 * being committed. The delay counts from the append, not from the reading: more waits than there is memory for are late
 * by that delay at most, because whatever is older goes on as soon as it is read. A job that asks for more than an
 * endpoint may ask for, by a damaged instant or a clock that was far ahead, is due after one such round.
 *
 * What doubles if the process dies: jobs published and not yet committed. While it is down retries are late, not lost.
 */
export interface RetryPorts {
  readonly publish: (job: Job) => Promise<void>;
  /** Absent where the topic's delay is all there is. */
  readonly rounds?: Rounds;
  readonly now: () => number;
  /** How late a retry was published, ms. */
  readonly observeLateness: (lateMs: number) => void;
  /** What `publish` threw: the process was interrupted, or it is a bug. */
  readonly onError: (error: unknown) => void;
}

/** Of a topic whose jobs may wait for longer than its delay. */
export interface Rounds {
  /** Puts a job that isn't due yet back to the end of the topic. */
  readonly putBack: (job: Job) => Promise<void>;
  /** The longest that an endpoint may ask us to wait, ms. */
  readonly maxWaitMs: number;
}

export interface RetryHold {
  /** `appendedAt`: when the broker took the record in, epoch ms of its clock. */
  hold(job: Job, record: AdmittedRecord, appendedAt: number): void;
  readonly jobs: number;
  readonly bytes: number;
  /** Forgets what waits; resolves when what is being published has been acknowledged. */
  stop(): Promise<void>;
}

/** A timer may be early by so much against the clock. */
const CLOCK_MS = 5;
/** What isn't due is held so long before it is put back, even if the broker's clock is far behind. */
const MIN_ROUND_MS = 1_000;

/** `delayMs` is the topic's fixed delay: the longest that a retry is held, whatever its clock says. */
export function createRetryHold(delayMs: number, ports: RetryPorts): RetryHold {
  const { rounds } = ports;
  const waiting = new Map<AdmittedRecord, NodeJS.Timeout>();
  const publishing = new Set<Promise<void>>();
  let bytes = 0;

  const dueOf = ({ notBefore }: Job, appendedAt: number): number => {
    if (rounds === undefined) return dueAt(notBefore, appendedAt, delayMs);
    // What is put back was appended anew, without another failure. Clocks differ by less than a round.
    return notBefore > ports.now() + rounds.maxWaitMs + delayMs
      ? Math.min(appendedAt, ports.now()) + delayMs
      : notBefore;
  };

  const release = async (job: Job, record: AdmittedRecord, due: number): Promise<void> => {
    try {
      if (!record.progress.revoked) {
        if (rounds !== undefined && holdFor(due, ports.now(), delayMs) > CLOCK_MS) {
          await rounds.putBack(job);
        } else {
          await ports.publish(job);
          ports.observeLateness(ports.now() - due);
        }
      }
      record.finish();
    } catch (error) {
      ports.onError(error);
    }
    bytes -= job.body.byteLength;
  };

  return {
    hold(job, record, appendedAt) {
      bytes += job.body.byteLength;
      const due = dueOf(job, appendedAt);
      const roundEndsAt = rounds === undefined ? due : Math.max(appendedAt + delayMs, ports.now() + MIN_ROUND_MS);
      const onDue = (): void => {
        waiting.delete(record);
        const releasing = release(job, record, due).finally(() => publishing.delete(releasing));
        publishing.add(releasing);
      };
      waiting.set(record, setTimeout(onDue, holdFor(Math.min(due, roundEndsAt), ports.now(), delayMs)));
    },
    get jobs() {
      return waiting.size + publishing.size;
    },
    get bytes() {
      return bytes;
    },
    async stop() {
      for (const timer of waiting.values()) clearTimeout(timer);
      waiting.clear();
      await Promise.all(publishing);
    },
  };
}
