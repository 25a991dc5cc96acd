import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Collection, Document } from 'mongodb';
import type { FailureDocument } from '../../../services/shared/platform/mongo/failure-document.js';
import {
  FailureLogReader,
  type FailurePosition,
  type FailureQuery,
} from '../../../services/shared/platform/mongo/failure-log-reader.js';
import { FIRST_AT, failureDocument, storeFailures } from '../../support/failure-documents.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

/** The failure log as it is read, with 50,000 entries in it. */
const ENTRIES = 50_000;
const REF = { companyId: 'c1', webhookId: 'wh_1' };
const QUERIES: readonly (readonly [string, FailureQuery])[] = [
  ['everything', {}],
  ['a span of time', { from: new Date(FIRST_AT + 2_000_000), to: new Date(FIRST_AT + 3_000_000) }],
  ['since an instant', { from: new Date(FIRST_AT + 12_000_000) }],
  ['an event type', { eventType: 'call.summary' }],
  ['a status class', { statusClass: '4xx' }],
  ['a class that nothing has', { statusClass: '1xx' }],
  ['a type and a class', { eventType: 'message.read', statusClass: 'none' }],
  ['a type in a span of time', { eventType: 'call.end', to: new Date(FIRST_AT + 5_000_000) }],
  ['an event', { eventId: 'evt_7000' }],
  ['an event and a class', { eventId: 'evt_7000', statusClass: '4xx' }],
];

let database: TestDatabase;
let entries: Collection<FailureDocument>;
let reader: FailureLogReader;
let stored: FailureDocument[];

/** Two webhooks, and every tenth entry another company's. */
const placed = (number: number) =>
  failureDocument(number, {
    webhookId: number % 5 === 0 ? 'wh_2' : 'wh_1',
    companyId: number % 10 === 3 ? 'c2' : 'c1',
  });

beforeAll(async () => {
  database = await openTestDatabase();
  entries = database.db.collection<FailureDocument>('failure_log');
  reader = new FailureLogReader(database.db);
  await storeFailures(entries, ENTRIES, placed);
  stored = Array.from({ length: ENTRIES }, (_, number) => placed(number));
}, 120_000);
afterAll(() => database.end());

const idsOf = (found: readonly { readonly _id: string }[]) => found.map(({ _id }) => _id);

/** The ids that a query must find, newest first; written apart from how it is asked of the server. */
function expectedIds({ from, to, eventType, statusClass, eventId }: FailureQuery): string[] {
  const found = stored.filter(
    (entry) =>
      entry.companyId === 'c1' &&
      entry.webhookId === 'wh_1' &&
      (from === undefined || entry.at >= from) &&
      (to === undefined || entry.at < to) &&
      (eventType === undefined || entry.eventType === eventType) &&
      (statusClass === undefined || entry.statusClass === statusClass) &&
      (eventId === undefined || entry.eventId === eventId),
  );
  return idsOf(found.sort((a, b) => b.at.getTime() - a.at.getTime() || (a._id < b._id ? 1 : -1)));
}

describe.each(QUERIES)('%s', (_, query) => {
  test('is found, newest first, over the pages', async () => {
    const first = await reader.page(REF, query, { limit: 100 });
    const second = first.next === null ? undefined : await reader.page(REF, query, { limit: 100, after: first.next });
    expect(idsOf([...first.items, ...(second?.items ?? [])])).toEqual(expectedIds(query).slice(0, 200));
  });

  test('is read from an index, in order, without looking at other entries', async () => {
    const page = await reader.page(REF, query, { limit: 50 });
    database.commands.length = 0;
    await reader.page(REF, query, { limit: 50, ...(page.next ? { after: page.next } : {}) });
    const asked = database.commands.filter(({ commandName }) => commandName === 'find').map(({ command }) => command);
    expect(asked.length).toBeGreaterThan(0);
    for (const command of asked) {
      const { stages, returned, examined, keys } = await explained(command);
      expect(stages).toContain('IXSCAN');
      expect(stages.filter((stage) => ['SORT', 'COLLSCAN'].includes(stage))).toEqual([]);
      expect(examined).toBeLessThanOrEqual(returned + 5);
      // A merge looks at one key of each of its parts in advance.
      expect(keys).toBeLessThanOrEqual(returned + 100);
    }
  });
});

async function explained(asked: Document) {
  const parts = ['find', 'filter', 'sort', 'projection', 'hint', 'limit'];
  const command = Object.fromEntries(Object.entries(asked).filter(([name]) => parts.includes(name)));
  const { queryPlanner, executionStats } = await database.db.command({ explain: command, verbosity: 'executionStats' });
  const { nReturned, totalDocsExamined, totalKeysExamined } = executionStats as Record<string, number>;
  return {
    stages: stagesOf((queryPlanner as Document)['winningPlan'] as Document),
    returned: nReturned ?? NaN,
    examined: totalDocsExamined ?? NaN,
    keys: totalKeysExamined ?? NaN,
  };
}

function stagesOf(plan: Document): string[] {
  const inputs = [plan['inputStage'], ...((plan['inputStages'] as Document[] | undefined) ?? []), plan['queryPlan']];
  return [
    ...(typeof plan['stage'] === 'string' ? [plan['stage']] : []),
    ...inputs.flatMap((input) => (input === undefined ? [] : stagesOf(input as Document))),
  ];
}

test.each([
  ['all failures of a company', {}],
  ['a class over all webhooks', { statusClass: '5xx' }],
  ['a type over all webhooks', { eventType: 'call.end' }],
  ['an event over all webhooks', { eventId: 'evt_9000' }],
])('analysts, too, have an index for %s', async (_, filter) => {
  const { stages } = await explained({
    find: 'failure_log',
    filter: { companyId: 'c1', ...filter },
    sort: { at: -1 },
    limit: 100,
  });
  expect(stages).toContain('IXSCAN');
  expect(stages.filter((stage) => ['SORT', 'COLLSCAN'].includes(stage))).toEqual([]);
});

test('a page brings no body and no header over the wire', async () => {
  database.commands.length = 0;
  const { items } = await reader.page(REF, {}, { limit: 3 });
  expect(items[0]).not.toHaveProperty('request');
  expect(items.find(({ response }) => response !== null)?.response).toEqual({ status: expect.any(Number) });
});

test('every command names the company', async () => {
  database.commands.length = 0;
  const { next } = await reader.page(REF, {}, { limit: 3 });
  await reader.page(REF, {}, { limit: 3, after: next as FailurePosition });
  await reader.find(REF, 'job_1:4');
  await reader.timeline(REF, 'evt_1');
  for await (const batch of reader.all(REF, { eventId: 'evt_1' })) expect(batch.length).toBeGreaterThan(0);
  const filters = database.commands.map(({ command }) => (command['filter'] as Document)['companyId'] as unknown);
  expect(filters.length).toBeGreaterThan(4);
  expect(new Set(filters)).toEqual(new Set(['c1']));
});

test('the timeline has the attempts of one event at one webhook, oldest first', async () => {
  const found = await reader.timeline(REF, 'evt_9');
  expect(found.map(({ attempt }) => attempt)).toEqual([1, 2, 3].filter((n) => (26 + n) % 5 !== 0));
});

describe('while entries are added', () => {
  const ref = { companyId: 'c3', webhookId: 'wh_busy' };
  let numbers = 1_000_000;

  /** Few instants for many entries: most share theirs with others. */
  const busy = () => {
    const number = numbers++;
    const at = new Date(FIRST_AT + ((number * 7919) % 23));
    return failureDocument(number, { ...ref, at, eventType: 'call.end', statusClass: '5xx' });
  };

  test.each([
    [1, {}],
    [7, {}],
    [50, {}],
    [7, { statusClass: '5xx' as const }],
    [13, { eventType: 'call.end' as const, from: new Date(FIRST_AT + 3), to: new Date(FIRST_AT + 19) }],
  ])(
    'a walk in pages of %i with %j skips nothing that was there and shows nothing twice',
    async (limit, query) => {
      await entries.deleteMany({ companyId: ref.companyId });
      // Sixty pages at most: each waits for what is added beside it.
      const count = Math.min(300, limit * 60);
      await storeFailures(entries, count, busy);
      const before = idsOf(await entries.find({ companyId: ref.companyId, at: rangeOf(query) }).toArray());
      expect(before.length).toBeGreaterThan(count / 2);
      const seen: string[] = [];
      let after: FailurePosition | undefined;
      for (;;) {
        const [page] = await Promise.all([reader.page(ref, query, { limit, after }), storeFailures(entries, 5, busy)]);
        seen.push(...idsOf(page.items));
        if (page.next === null) break;
        after = page.next;
      }
      expect(new Set(seen).size).toBe(seen.length);
      expect(before.filter((id) => !seen.includes(id))).toEqual([]);
    },
    60_000,
  );

  const rangeOf = ({ from, to }: FailureQuery) => ({ $gte: from ?? new Date(0), $lt: to ?? new Date(8e12) });
});

describe('reading everything', () => {
  test('brings each entry once, in order', async () => {
    const ids: string[] = [];
    for await (const batch of reader.all(REF, { statusClass: '4xx' })) ids.push(...idsOf(batch));
    expect(ids).toEqual(expectedIds({ statusClass: '4xx' }));
  });

  test('asks for a batch when the last was taken, and closes the cursor when the caller stops', async () => {
    const batches = reader.all(REF, {});
    database.commands.length = 0;
    await batches.next();
    await batches.next();
    await batches.return();
    expect(database.commands.map(({ commandName }) => commandName)).toEqual(['find', 'getMore', 'killCursors']);
  });
});
