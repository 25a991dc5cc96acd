import type { Webhook } from '../shared/core/webhook.js';

/**
 * What this process knows of its webhooks' last results before MongoDB's change feed tells it.
 *
 * "Any success resets the counter to 0", and yet a success must not cost a write. A webhook read a moment ago may not
 * show the failure that was counted since, so a success asks here as well whether there is something to reset; and a
 * failure that is being counted carries the last success along, which forgives what ended before it. Bounded: the
 * webhook that was quiet for longest is forgotten, and then MongoDB's word alone counts.
 */
export class RecentResults {
  readonly #max: number;
  readonly #results = new Map<string, { lastSuccessAt: number | undefined; failedSince: boolean }>();

  constructor(maxWebhooks: number) {
    this.#max = maxWebhooks;
  }

  /** Notes a success that ended at `at` (epoch ms); returns whether the failure counter needs a reset. */
  succeeded(webhook: Webhook, at: number): boolean {
    const failedSince = this.#results.get(webhook.id)?.failedSince === true;
    this.#remember(webhook.id, { lastSuccessAt: at, failedSince: false });
    return failedSince || webhook.failures.length > 0 || webhook.status === 'failed';
  }

  /** Notes a failure that counts. */
  failed(webhookId: string): void {
    this.#remember(webhookId, { lastSuccessAt: this.lastSuccessAt(webhookId), failedSince: true });
  }

  /** End of the last success, if one is known. */
  lastSuccessAt(webhookId: string): number | undefined {
    return this.#results.get(webhookId)?.lastSuccessAt;
  }

  #remember(webhookId: string, result: { lastSuccessAt: number | undefined; failedSince: boolean }): void {
    this.#results.delete(webhookId);
    this.#results.set(webhookId, result);
    if (this.#results.size <= this.#max) return;
    const [quietest] = this.#results.keys();
    if (quietest !== undefined) this.#results.delete(quietest);
  }
}
