import type { Event } from './event.js';
import type { Subscription } from './webhook.js';

/**
 * Which of a company's subscriptions an event goes to.
 *
 * "Every call and WhatsApp event of that company is posted to the endpoints that subscribed to it." While Inactive,
 * events are neither delivered nor held: the Owner asked for that. Failed still receives. The company is compared
 * here too, so that a mistake in a look-up can never carry one company's event to another's endpoint.
 */
export function matchSubscriptions(event: Event, subscriptions: readonly Subscription[]): readonly Subscription[] {
  return subscriptions.filter(
    (subscription) =>
      subscription.companyId === event.companyId &&
      subscription.status !== 'inactive' &&
      subscription.events.has(event.eventType),
  );
}
