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

  /** Notes a success that ended at `at` (epoch ms); returns whether the failure counter needs a reset. */
  succeeded(webhook: Webhook, at: number): boolean {
    const before = this.#of(webhook.id);
    const resets =
      before.failures > 0 || before.countedElsewhere || standing(webhook, before) > 0 || webhook.status === 'failed';
    const forgivenUntil = resets ? at : before.forgivenUntil;
    const { id, companyId } = webhook;
    this.#remember(id, { companyId, lastSuccessAt: at, forgivenUntil, failures: 0, countedElsewhere: false });
    return resets;
  }

  /**
   * Notes a failure that counts and ended at `at`; returns how many there were in a row, this one included, as far as is
   * known here. A success that lies after it was seen by a clock that was set back since: it is not believed any more.
   */
  failed(webhook: Webhook, at: number): number {
    const known = this.#of(webhook.id);
    const before = (known.lastSuccessAt ?? at) > at ? { ...known, ...UNKNOWN_SUCCESS } : known;
    const failures = before.failures + 1;
    this.#remember(webhook.id, { ...before, companyId: webhook.companyId, failures });
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
  /** End of the last success that was told to MongoDB. */
  readonly forgivenUntil: number;
  /** Since the last success. */
  readonly failures: number;
  readonly countedElsewhere: boolean;
}

const UNKNOWN_SUCCESS = { lastSuccessAt: undefined, forgivenUntil: -Infinity };
const NONE: Results = { companyId: '', ...UNKNOWN_SUCCESS, failures: 0, countedElsewhere: false };

/** Failures that the webhook, as it was read, shows and nobody here has seen forgiven. */
function standing({ failures }: Webhook, { forgivenUntil }: Results): number {
  return failures.filter(({ at }) => at > forgivenUntil).length;
}
