import type { WebhookFormValues } from './form-values.js';

/**
 * Two people edited one webhook, and the other one saved first. Takes the saved state of each part that wasn't touched
 * here, and what was typed of each part that was: nobody's work is lost before someone has seen it.
 *
 * `before` is what the form began with, `typed` what it holds, `current` what is saved now.
 */
export function mergeTyped(
  before: WebhookFormValues,
  typed: WebhookFormValues,
  current: WebhookFormValues,
): WebhookFormValues {
  const pick = <K extends keyof WebhookFormValues>(part: K): WebhookFormValues[K] =>
    JSON.stringify(typed[part]) === JSON.stringify(before[part]) ? current[part] : typed[part];
  return {
    url: pick('url'),
    authentication: pick('authentication'),
    headers: pick('headers'),
    events: pick('events'),
  };
}
