/**
 * Which jobs are surplus: they leave the dispatch lane for the overflow topic. Pure.
 *
 * "When a webhook's queue is full, its surplus goes to webhooks.overflow, which is drained by its own process group, so
 * sick endpoints share only with each other." Full is a webhook that is slow and has `atJobs` jobs or `atBytes` bytes
 * waiting, or any that has half of the memory for jobs to itself while others have jobs here too: a fast webhook's
 * backlog alone is not a sickness, the pausing of partitions takes care of it. It ends at half (low-water mark).
 * All that aren't fast share a quarter of the memory: a slow one may have waiting what is left of it, so that their bounds
 * shrink together however many they are, and never stop the reading for the others. Webhooks that aren't known to be slow
 * when their jobs come in, all of them after a start, may have more: where they have half of the memory, what waits for the
 * slow among them leaves after all (`isCrowded`).
 *
 * Order: a conversation with a job waiting or in flight here stays here, up to twice the bound; one that left goes on
 * leaving for ten minutes after it last left a full queue, because what left before may still be on its way. Afterwards,
 * after a restart, or beyond the memory for such conversations a later event may overtake; `event_sequence` tells.
 * What leaves for that reason alone doesn't prolong it: a webhook that is well again has all its traffic back after ten
 * minutes, however busy its conversations are.
 */
export interface OverflowLimits {
  readonly atJobs: number;
  readonly atBytes: number;
  /** The bounds of all jobs in memory. */
  readonly maxJobs: number;
  readonly maxJobBytes: number;
}

/** A webhook's queue as a job finds it. */
export interface QueueFacts {
  /** Jobs that wait, and the bytes of these and those in flight. */
  readonly waiting: number;
  readonly bytes: number;
  readonly isSlow: boolean;
  /** Whether a job of the same conversation waits or is in flight. */
  readonly inLine: boolean;
  /** Whether other webhooks have jobs here. */
  readonly hasNeighbours: boolean;
  /** Jobs, and their bytes, of all webhooks here that aren't fast. */
  readonly slowJobs: number;
  readonly slowBytes: number;
}

/** What the gate needs to know of a job. */
interface Leaving {
  readonly webhookId: string;
  readonly conversationId: string;
}

/** The part of the memory for jobs that webhooks which aren't fast share. */
const FOR_SLOW = 1 / 4;
const STICKS_MS = 600_000;
const MAX_CONVERSATIONS = 50_000;

export class OverflowGate {
  readonly #limits: OverflowLimits;
  /** When a job came last for each webhook whose queue overflows, the one that was silent for longest at first. */
  readonly #overflowing = new Map<string, number>();
  /** When a job of a conversation last left a full queue, the one that left last at the end. */
  readonly #left = new Map<string, number>();

  constructor(limits: OverflowLimits) {
    this.#limits = limits;
  }

  /** Webhooks whose surplus leaves just now; one that fell silent is forgotten. `now` in ms. */
  overflowing(now: number): number {
    forgetOld(this.#overflowing, now, Infinity);
    return this.#overflowing.size;
  }

  /** Whether the job leaves. `now` in ms. */
  isSurplus(job: Leaving, facts: QueueFacts, now: number): boolean {
    const full = this.#isFull(job.webhookId, facts, now);
    if (facts.inLine && !this.#exceeds(facts, 2)) return false;
    if (!full && this.#left.size === 0) return false;
    const key = keyOf(job);
    if (full) {
      this.#remember(key, now);
      return true;
    }
    const leftAt = this.#left.get(key);
    return leftAt !== undefined && now - leftAt <= STICKS_MS;
  }

  /** Whether webhooks that aren't fast have so much of the memory that it may not suffice for reading on. */
  isCrowded({ slowJobs, slowBytes }: Pick<QueueFacts, 'slowJobs' | 'slowBytes'>): boolean {
    return slowJobs * 2 > this.#limits.maxJobs || slowBytes * 2 > this.#limits.maxJobBytes;
  }

  /** A job that had been taken in leaves all the same. `now` in ms. */
  noteLeft(job: Leaving, now: number): void {
    this.#remember(keyOf(job), now);
  }

  #isFull(webhookId: string, facts: QueueFacts, now: number): boolean {
    forgetOld(this.#overflowing, now, Infinity);
    if (this.#overflowing.delete(webhookId)) {
      if (!this.#exceeds(facts, 0.5)) return false;
      this.#overflowing.set(webhookId, now);
      return true;
    }
    const { maxJobs, maxJobBytes } = this.#limits;
    const hogs = facts.hasNeighbours && (facts.waiting * 2 > maxJobs || facts.bytes * 2 > maxJobBytes);
    if (!hogs && !(facts.isSlow && this.#exceeds(facts, 1))) return false;
    this.#overflowing.set(webhookId, now);
    return true;
  }

  #exceeds({ waiting, bytes, slowJobs, slowBytes }: QueueFacts, factor: number): boolean {
    const { atJobs, atBytes, maxJobs, maxJobBytes } = this.#limits;
    const jobsLeft = Math.max(1, Math.min(atJobs, maxJobs * FOR_SLOW - slowJobs));
    const bytesLeft = Math.max(1, Math.min(atBytes, maxJobBytes * FOR_SLOW - slowBytes));
    return waiting >= jobsLeft * factor || (waiting > 0 && bytes >= bytesLeft * factor);
  }

  #remember(key: string, now: number): void {
    this.#left.delete(key);
    this.#left.set(key, now);
    forgetOld(this.#left, now, MAX_CONVERSATIONS);
  }
}

/** Forgets those that weren't seen for long, and what is more than `max`. */
function forgetOld(seen: Map<string, number>, now: number, max: number): void {
  for (const [oldest, seenAt] of seen) {
    if (seen.size <= max && now - seenAt <= STICKS_MS) return;
    seen.delete(oldest);
  }
}

function keyOf({ webhookId, conversationId }: Leaving): string {
  return `${webhookId}:${conversationId}`;
}
