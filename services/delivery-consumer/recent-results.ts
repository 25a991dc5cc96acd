import { RecentlyUsed } from '../shared/core/recently-used.js';
import type { Webhook } from '../shared/core/webhook.js';

/**
 * What this process knows of its webhooks' last results beside the webhook as it was read.
 *
 * "Any success resets the counter to 0", and yet a success must not cost a write. A webhook that was read a while ago
 * may not show the failures that were counted since, here or by another process (the change feed tells of those), so a
 * success asks here as well whether there is something to reset; and a failure that is being counted carries the last
 * success along, which forgives what ended before it. A success that ended before the feed told of such a failure is told
 * when the webhook's status changes. Bounded: webhooks that were quiet for long are forgotten, and then the webhook as
 * it is read alone counts.
 */
export class RecentResults {
  readonly #results: RecentlyUsed<Results>;

  constructor(maxWebhooks: number) {
    this.#results = new RecentlyUsed(maxWebhooks);
  }

  /**
   * Notes a success that ended at `at` (epoch ms). If the failure counter needs a reset, returns the instant up to which
   * it forgives: `at`, or, where the clock was set back, the end of the last attempt before: what had failed by that clock
   * would stand for as long as the clock was ahead.
   */
  succeeded(webhook: Webhook, at: number): number | undefined {
    const results = this.#of(webhook);
    const { latestAt } = results;
    const isSetBack = latestAt > at + OUT_OF_ORDER_MS;
    const resets =
      isSetBack ||
      results.failures > 0 ||
      results.countedElsewhere ||
      standing(webhook, results) > 0 ||
      webhook.status === 'failed';
    results.lastSuccessAt = at;
    results.latestAt = isSetBack ? at : Math.max(latestAt, at);
    if (resets) results.forgivenUntil = at;
    results.failures = 0;
    results.countedElsewhere = false;
    if (!resets) return undefined;
    return isSetBack ? latestAt : at;
  }

  /**
   * Notes a failure that counts and ended at `at`; returns how many there were in a row, this one included, as far as is
   * known here. A success that lies after it was seen by a clock that was set back since: it is not believed any more.
   */
  failed(webhook: Webhook, at: number): number {
    const results = this.#of(webhook);
    if ((results.lastSuccessAt ?? at) > at) Object.assign(results, UNKNOWN_SUCCESS);
    results.failures += 1;
    results.latestAt = Math.max(results.latestAt, at);
    return Math.max(results.failures, standing(webhook, results) + 1);
  }

  /** Notes that the counter of a webhook has changed, by whatever process; false for a webhook that isn't known here. */
  counted(webhookId: string): boolean {
    // Keeps its place: it was no attempt of ours.
    const results = this.#results.peek(webhookId);
    if (results !== undefined) results.countedElsewhere = true;
    return results !== undefined;
  }

  /**
   * The last success, where MongoDB may not know of it: it may have ended between failures that others counted before
   * this process had heard of them. One that lies after `now` was seen by a clock that was set back since.
   */
  untold(webhookId: string, now: number): SucceededAttempt | undefined {
    const results = this.#results.peek(webhookId);
    if (results === undefined) return undefined;
    const { companyId, lastSuccessAt: at = -Infinity, forgivenUntil } = results;
    return at > forgivenUntil && at <= now ? { companyId, webhookId, at } : undefined;
  }

  /** End of the last success, if one is known. */
  lastSuccessAt(webhookId: string): number | undefined {
    return this.#results.peek(webhookId)?.lastSuccessAt;
  }

  #of({ id, companyId }: Webhook): Results {
    let results = this.#results.get(id);
    if (results === undefined) this.#results.set(id, (results = { companyId, ...NONE }));
    return results;
  }
}

/** `at`: when it ended, epoch ms. */
interface SucceededAttempt {
  readonly companyId: string;
  readonly webhookId: string;
  readonly at: number;
}

interface Results {
  readonly companyId: string;
  lastSuccessAt: number | undefined;
  /** The latest end of an attempt, which may be by a clock that was set back since. */
  latestAt: number;
  /** End of the last success that was told to MongoDB. */
  forgivenUntil: number;
  /** Since the last success. */
  failures: number;
  countedElsewhere: boolean;
}

const UNKNOWN_SUCCESS = { lastSuccessAt: undefined, forgivenUntil: -Infinity };
const NONE: Omit<Results, 'companyId'> = {
  ...UNKNOWN_SUCCESS,
  latestAt: -Infinity,
  failures: 0,
  countedElsewhere: false,
};
/** Two attempts that end together may be noted in any order. */
const OUT_OF_ORDER_MS = 1_000;

/** Failures that the webhook, as it was read, shows and nobody here has seen forgiven. */
function standing({ failures }: Webhook, { forgivenUntil }: Results): number {
  return failures.filter(({ at }) => at > forgivenUntil).length;
}
