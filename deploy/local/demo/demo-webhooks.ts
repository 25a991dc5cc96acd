import { CALL_EVENT_TYPES, EVENT_TYPES, WHATSAPP_EVENT_TYPES } from '../../../services/shared/core/vocabulary.js';
import type { EventType } from '../../../services/shared/core/vocabulary.js';
import type { Authentication, Header } from '../../../services/shared/core/webhook.js';
import type { Behaviour } from '../receiver/demo-behaviour.js';

/** A webhook of the demo, and how its endpoint behaves. */
export interface DemoWebhook {
  readonly companyId: string;
  /** Names it within its company; with the company, the path of its endpoint. */
  readonly name: string;
  readonly behaviour: Behaviour;
  readonly active: boolean;
  /** The query that the Owner put into the URL: empty, or from the question mark on. */
  readonly query: string;
  readonly authentication: Authentication;
  readonly headers: readonly Header[];
  readonly events: readonly EventType[];
}

export const DEMO_COMPANIES = ['co_aurora', 'co_borealis', 'co_cumulus'];

const PLAIN = { active: true, query: '', authentication: { kind: 'none' }, headers: [] } as const;
const BASIC: Authentication = { kind: 'basic', username: 'aurora', password: 'pa:ss wörd' };

/**
 * Three companies with every kind of authentication, one endpoint that is slow, one that fails now and then, one that
 * always fails, and a webhook that its Owner disabled, which must get nothing.
 */
export const DEMO_WEBHOOKS: readonly DemoWebhook[] = [
  { ...PLAIN, companyId: 'co_aurora', name: 'everything', behaviour: 'healthy', events: EVENT_TYPES },
  {
    ...PLAIN,
    ...{ companyId: 'co_aurora', name: 'calls', behaviour: 'healthy', authentication: BASIC },
    events: CALL_EVENT_TYPES,
  },
  {
    ...PLAIN,
    ...{ companyId: 'co_aurora', name: 'slow', behaviour: 'slow' },
    authentication: { kind: 'api-key', placement: 'header', name: 'X-Api-Key', value: 'demo-key-1' },
    events: ['call.end', 'message.received'],
  },
  {
    ...PLAIN,
    ...{ companyId: 'co_borealis', name: 'crm', behaviour: 'healthy', query: '?source=webhooks&v=2' },
    authentication: { kind: 'api-key', placement: 'query', name: 'api key', value: 'demo&key=2' },
    events: EVENT_TYPES,
  },
  {
    ...PLAIN,
    ...{ companyId: 'co_borealis', name: 'chat', behaviour: 'healthy' },
    headers: [
      { name: 'X-Tenant', value: 'borealis-7' },
      { name: 'X-Empty', value: '' },
    ],
    events: WHATSAPP_EVENT_TYPES,
  },
  {
    ...PLAIN,
    ...{ companyId: 'co_borealis', name: 'flaky', behaviour: 'flaky' },
    events: ['call.answered', 'message.delivered'],
  },
  {
    ...PLAIN,
    ...{ companyId: 'co_cumulus', name: 'everything', behaviour: 'healthy' },
    authentication: { kind: 'api-key', placement: 'header', name: 'Authorization', value: 'Bearer demo-key-3' },
    headers: [{ name: 'X-Environment', value: 'demo' }],
    events: EVENT_TYPES,
  },
  {
    ...PLAIN,
    ...{ companyId: 'co_cumulus', name: 'failing', behaviour: 'failing' },
    events: ['call.summary', 'conversation.close'],
  },
  { ...PLAIN, companyId: 'co_cumulus', name: 'disabled', behaviour: 'healthy', active: false, events: EVENT_TYPES },
];

/** Receives what runs the system in before it is measured (warm-up.ts); nothing of it is counted. */
export const WARM_UP_COMPANY = 'co_warm_up';

export const WARM_UP_WEBHOOKS: readonly DemoWebhook[] = ['first', 'second', 'third'].map((name) => ({
  companyId: WARM_UP_COMPANY,
  name,
  behaviour: 'healthy',
  active: true,
  query: '',
  authentication: { kind: 'none' },
  headers: [],
  events: EVENT_TYPES,
}));

/** The path of the webhook's endpoint, by which the receiver's log tells webhooks apart. */
export function pathOf({ companyId, name }: DemoWebhook): string {
  return `/${companyId}/${name}`;
}
