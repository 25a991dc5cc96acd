import type { DeliveryTally } from './delivery-tally.js';
import { percentile } from './percentile.js';
import type { WebhookTally } from './webhook-tally.js';

/** What the live view shows besides the counts. */
export interface ViewFacts {
  readonly seconds: number;
  readonly memoryMiB: number;
  /** By path of the endpoint: the webhook's status and its held deliveries. */
  readonly states: ReadonlyMap<string, WebhookState>;
}

export interface WebhookState {
  readonly status: string;
  readonly held: number;
}

const COLUMNS = [
  'webhook',
  'endpoint',
  'authentication',
  'status',
  'owed',
  'delivered',
  'retried',
  'failed',
  'held',
  'p50',
  'p99',
];
const FIRST_NUMBER = COLUMNS.indexOf('owed');

/** The live table: one row per webhook, latencies from the event to its first attempt. */
export function renderTable(tally: DeliveryTally, facts: ViewFacts): readonly string[] {
  const rows = [COLUMNS, ...tally.webhooks.map((webhook) => rowOf(webhook, facts))];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows.map((row) =>
    row.map((cell, column) => pad(cell, widths[column] ?? 0, column >= FIRST_NUMBER)).join('  '),
  );
  return [`${renderHead(tally, facts)}; Ctrl-C stops`, '', ...table];
}

/** The same in one line, for where a table can't be refreshed. */
export function renderLine(tally: DeliveryTally, facts: ViewFacts): string {
  const sum = (count: 'delivered' | 'retried' | 'refused' | 'expected') =>
    tally.webhooks.reduce((total, webhook) => total + webhook[count], 0);
  const latencies = tally.healthyLatencies;
  const held = [...facts.states.values()].reduce((total, state) => total + state.held, 0);
  return (
    `${renderHead(tally, facts)}; delivered ${sum('delivered')} of ${sum('expected')}, retried ${sum('retried')}, ` +
    `failed ${sum('refused')}, held ${held}, p50 ${inMs(latencies, 0.5)}, p99 ${inMs(latencies, 0.99)}`
  );
}

function renderHead(tally: DeliveryTally, { seconds, memoryMiB }: ViewFacts): string {
  return `${Math.round(seconds)} s: ${tally.produced} events produced; memory ${memoryMiB} MiB`;
}

function rowOf(tally: WebhookTally, { states }: ViewFacts): string[] {
  const { webhook, expected, delivered, retried, refused } = tally;
  const { authentication } = webhook;
  const kind = authentication.kind === 'api-key' ? `API key (${authentication.placement})` : authentication.kind;
  const state = states.get(tally.path) ?? { status: '', held: 0 };
  const counts = [expected, delivered, retried, refused, state.held].map(String);
  return [
    tally.path,
    webhook.behaviour,
    kind,
    state.status,
    ...counts,
    inMs(tally.latencies, 0.5),
    inMs(tally.latencies, 0.99),
  ];
}

function inMs(latencies: readonly number[], share: number): string {
  const ms = percentile(latencies, share);
  return ms === null ? '' : `${ms} ms`;
}

function pad(cell: string, width: number, toTheRight: boolean): string {
  return toTheRight ? cell.padStart(width) : cell.padEnd(width);
}
