import type { Event } from './event.js';
import { EVENT_TYPES, type EventType, type Status } from './vocabulary.js';

/** The part of a webhook that matching needs; carries no secret. */
export interface Subscription {
  readonly webhookId: string;
  readonly events: readonly EventType[];
  readonly status: Status;
}

/** One bit each. */
const BIT_OF: ReadonlyMap<EventType, number> = new Map(EVENT_TYPES.map((type, index) => [type, 1 << index]));
/** Ends each id, and stands in none. */
const END = '\n';
const NOBODY: readonly string[] = [];

/**
 * All subscriptions of one company.
 *
 * In few objects: a process may know a million of them, and each full collection of the garbage visits every object that
 * lives. So the ids are one text, and what each selects is a number.
 */
export class CompanySubscriptions {
  static readonly none = new CompanySubscriptions('', []);

  readonly #companyId: string;
  readonly #webhookIds: string;
  /** What each webhook gets, in the order of the ids. */
  readonly #selections: readonly number[];

  constructor(companyId: string, subscriptions: readonly Subscription[]) {
    this.#companyId = companyId;
    this.#webhookIds = subscriptions.map(({ webhookId }) => webhookId + END).join('');
    this.#selections = subscriptions.map(selectionOf);
  }

  get webhookIds(): readonly string[] {
    return this.#idsWhere(() => true);
  }

  /**
   * The webhooks that an event goes to, in the order in which they were given.
   *
   * "Every call and WhatsApp event of that company is posted to the endpoints that subscribed to it." While Inactive,
   * events are neither delivered nor held: the Owner asked for that. Failed still receives. The company is compared
   * here too, so that a mistake in a look-up can never carry one company's event to another's endpoint.
   */
  matching({ companyId, eventType }: Pick<Event, 'companyId' | 'eventType'>): readonly string[] {
    if (companyId !== this.#companyId) return NOBODY;
    const bit = BIT_OF.get(eventType) ?? 0;
    const gets = (selection: number): boolean => (selection & bit) !== 0;
    return this.#selections.some(gets) ? this.#idsWhere(gets) : NOBODY;
  }

  #idsWhere(isMeant: (selection: number) => boolean): readonly string[] {
    const ids: string[] = [];
    let start = 0;
    for (const selection of this.#selections) {
      const end = this.#webhookIds.indexOf(END, start);
      if (isMeant(selection)) ids.push(this.#webhookIds.slice(start, end));
      start = end + END.length;
    }
    return ids;
  }
}

function selectionOf({ events, status }: Subscription): number {
  return status === 'inactive' ? 0 : events.reduce((selection, type) => selection | (BIT_OF.get(type) ?? 0), 0);
}
