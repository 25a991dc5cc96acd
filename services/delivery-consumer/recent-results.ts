import type { Webhook } from '../shared/core/webhook.js';

/**
 * What this process knows of its webhooks' last results beside the webhook as it was read.
 *
 * "Any success resets the counter to 0", and yet a success must not cost a write. A webhook that was read a while ago
 * may not show the failures that were counted since, here or by another process (the change feed tells of those), so a
 * success asks here as well whether there is something to reset; and a failure that is being counted carries the last
 * success along, which forgives what ended before it. A success that ended before the feed told of such a failure is told
 * when the webhook's status changes. Bounded: the webhook that was quiet for longest is forgotten, and then the webhook as
 * it is read alone counts.
 */
export class RecentResults {
  readonly #max: number;
  readonly #results = new Map<string, Results>();

  constructor(maxWebhooks: number) {
    this.#max = maxWebhooks;
  }

  /**
   * Notes a success that ended at `at` (epoch ms). If the failure counter needs a reset, returns the instant up to which
   * it forgives: `at`, or, where the clock was set back, the end of the last attempt before: what had failed by that clock
   * would stand for as long as the clock was ahead.
   */
  succeeded(webhook: Webhook, at: number): number | undefined {
    const before = this.#of(webhook.id);
    const isSetBack = before.latestAt > at + OUT_OF_ORDER_MS;
    const resets =
      isSetBack ||
      before.failures > 0 ||
      before.countedElsewhere ||
      standing(webhook, before) > 0 ||
      webhook.status === 'failed';
    this.#remember(webhook.id, {
      companyId: webhook.companyId,
      lastSuccessAt: at,
      latestAt: isSetBack ? at : Math.max(before.latestAt, at),
      forgivenUntil: resets ? at : before.forgivenUntil,
      failures: 0,
      countedElsewhere: false,
    });
    if (!resets) return undefined;
    return isSetBack ? before.latestAt : at;
  }

  /**
   * Notes a failure that counts and ended at `at`; returns how many there were in a row, this one included, as far as is
   * known here. A success that lies after it was seen by a clock that was set back since: it is not believed any more.
   */
  failed(webhook: Webhook, at: number): number {
    const known = this.#of(webhook.id);
    const before = (known.lastSuccessAt ?? at) > at ? { ...known, ...UNKNOWN_SUCCESS } : known;
    const failures = before.failures + 1;
    const latestAt = Math.max(before.latestAt, at);
    this.#remember(webhook.id, { ...before, companyId: webhook.companyId, latestAt, failures });
    return Math.max(failures, standing(webhook, before) + 1);
  }

  /** Notes that the counter of a webhook has changed, by whatever process; false for a webhook that isn't known here. */
  counted(webhookId: string): boolean {
    const known = this.#results.get(webhookId);
    // Keeps its place: it was no attempt of ours.
    if (known !== undefined) this.#results.set(webhookId, { ...known, countedElsewhere: true });
    return known !== undefined;
  }

  /**
   * The last success, where MongoDB may not know of it: it may have ended between failures that others counted before
   * this process had heard of them. One that lies after `now` was seen by a clock that was set back since.
   */
  untold(webhookId: string, now: number): SucceededAttempt | undefined {
    const { companyId, lastSuccessAt: at = -Infinity, forgivenUntil } = this.#of(webhookId);
    return at > forgivenUntil && at <= now ? { companyId, webhookId, at } : undefined;
  }

  /** End of the last success, if one is known. */
  lastSuccessAt(webhookId: string): number | undefined {
    return this.#results.get(webhookId)?.lastSuccessAt;
  }

  #of(webhookId: string): Results {
    return this.#results.get(webhookId) ?? NONE;
  }

  #remember(webhookId: string, results: Results): void {
    this.#results.delete(webhookId);
    this.#results.set(webhookId, results);
    if (this.#results.size <= this.#max) return;
    const [quietest] = this.#results.keys();
    if (quietest !== undefined) this.#results.delete(quietest);
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
  readonly lastSuccessAt: number | undefined;
  /** The latest end of an attempt, which may be by a clock that was set back since. */
  readonly latestAt: number;
  /** End of the last success that was told to MongoDB. */
  readonly forgivenUntil: number;
  /** Since the last success. */
  readonly failures: number;
  readonly countedElsewhere: boolean;
}

const UNKNOWN_SUCCESS = { lastSuccessAt: undefined, forgivenUntil: -Infinity };
const NONE: Results = {
  companyId: '',
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
