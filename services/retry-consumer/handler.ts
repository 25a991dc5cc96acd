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
 * by that delay at most, because whatever is older goes on as soon as it is read.
 *
 * What doubles if the process dies: jobs published and not yet committed. While it is down retries are late, not lost.
 */
export interface RetryPorts {
  readonly publish: (job: Job) => Promise<void>;
  /** Puts a job that isn't due yet back to the end of its topic; absent where the topic's delay is all there is. */
  readonly putBack?: (job: Job) => Promise<void>;
  readonly now: () => number;
  /** How late a retry was published, ms. */
  readonly observeLateness: (lateMs: number) => void;
  /** What `publish` threw: the process was interrupted, or it is a bug. */
  readonly onError: (error: unknown) => void;
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
  const waiting = new Map<AdmittedRecord, NodeJS.Timeout>();
  const publishing = new Set<Promise<void>>();
  let bytes = 0;

  const release = async (job: Job, record: AdmittedRecord, due: number): Promise<void> => {
    try {
      if (!record.progress.revoked) {
        if (ports.putBack !== undefined && holdFor(due, ports.now(), delayMs) > CLOCK_MS) {
          await ports.putBack(job);
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
      // What is put back was appended anew, without another failure.
      const due = ports.putBack === undefined ? dueAt(job.notBefore, appendedAt, delayMs) : job.notBefore;
      const roundEndsAt =
        ports.putBack === undefined ? due : Math.max(appendedAt + delayMs, ports.now() + MIN_ROUND_MS);
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
