import type { WebhookInput } from '../../../contract/webhook.js';

/** Where a test event goes: a saved webhook by its id, one that isn't saved yet by what was typed, an edit by both. */
export interface TestTarget {
  readonly id?: string;
  readonly url: string;
  readonly input?: WebhookInput;
}
