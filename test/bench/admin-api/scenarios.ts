import type { FailurePage } from '../../../services/admin/contract/failure.js';
import type { WebhookInput, WebhookList } from '../../../services/admin/contract/webhook.js';
import type { LoadClient, LoadStep } from './load-task.js';
import type { Headers, World } from './world.js';

/** What clients do, and the bound that issue and documentation promise for it. */
export interface Scenario {
  readonly name: string;
  readonly p99BoundMs: number;
  /** For the first and for the second measurement. */
  readonly clients: (url: string, world: World, round: number) => Promise<readonly LoadClient[]>;
}

const WEBHOOKS = '/api/v1/webhooks';

export const SCENARIOS: readonly Scenario[] = [
  { name: 'list', p99BoundMs: 50, clients: listing },
  { name: 'create', p99BoundMs: 150, clients: creating },
  { name: 'failures', p99BoundMs: 100, clients: readingFailures },
];

async function listing(url: string, { clients }: World): Promise<readonly LoadClient[]> {
  for (const headers of clients) {
    const { items } = await read<WebhookList>(url + WEBHOOKS, headers);
    if (items.length !== 10 || items.some(({ last24h }) => last24h.deliveries === 0))
      throw new Error('the list isn’t that of ten webhooks with their figures');
  }
  const steps: readonly LoadStep[] = [{ label: 'list', method: 'GET', path: WEBHOOKS, expect: 200 }];
  return clients.map((headers) => ({ headers, steps, repeats: true }));
}

/** An address instead of a name: the speed of a DNS server is none of ours. */
const INPUT: WebhookInput = {
  url: 'https://93.184.216.34/hooks',
  authentication: { kind: 'basic', username: 'webhooks', password: 'correct horse battery staple' },
  headers: [{ name: 'x-team', value: 'blue' }],
  events: ['call.end', 'call.summary', 'message.received'],
};

/** Ten in each of its companies, one after the other; the second measurement goes on with the other half of them. */
function creating(_url: string, { creators }: World, round: number): Promise<readonly LoadClient[]> {
  const step = { label: 'create', method: 'POST', path: WEBHOOKS, body: JSON.stringify(INPUT), expect: 201 } as const;
  return Promise.resolve(
    creators.map((companies) => ({
      headers: {},
      steps: companies
        .filter((_headers, index) => index % 2 === round)
        .flatMap((headers) => Array.from({ length: 10 }, (): LoadStep => ({ ...step, headers }))),
      repeats: false,
    })),
  );
}

/** Pages of a webhook with thousands of entries: the newest, the next one, and with each filter. */
async function readingFailures(url: string, { clients, webhooks }: World): Promise<readonly LoadClient[]> {
  return Promise.all(
    clients.map(async (headers, index): Promise<LoadClient> => {
      const webhook = webhooks[index % webhooks.length]?.[0];
      const path = `${WEBHOOKS}/${webhook?.webhookId}/failures`;
      const { items, nextCursor } = await read<FailurePage>(url + path, headers);
      const [middle] = items.slice(25);
      if (middle === undefined || nextCursor === null) throw new Error('the failure log has no second page');
      const queries: readonly (readonly [label: string, query: Readonly<Record<string, string>>])[] = [
        ['newest', {}],
        ['next page', { cursor: nextCursor }],
        ['event type', { eventType: middle.eventType }],
        ['status class', { statusClass: '5xx' }],
        ['type and class', { eventType: middle.eventType, statusClass: '4xx' }],
        ['one event', { eventId: middle.eventId }],
        ['an hour', { from: hourBefore(middle.at), to: middle.at }],
      ];
      const steps = queries.map(([label, query]): LoadStep => ({
        label,
        method: 'GET',
        path: `${path}?${new URLSearchParams(query).toString()}`,
        expect: 200,
      }));
      // Not all at the same step at the same time.
      const first = index % steps.length;
      return { headers, steps: [...steps.slice(first), ...steps.slice(0, first)], repeats: true };
    }),
  );
}

function hourBefore(at: string): string {
  return new Date(Date.parse(at) - 3_600_000).toISOString();
}

async function read<T>(url: string, headers: Headers): Promise<T> {
  const answer = await fetch(url, { headers });
  if (answer.status !== 200) throw new Error(`${url} was answered with ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}
