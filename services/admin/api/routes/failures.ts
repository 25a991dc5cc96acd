import { once } from 'node:events';
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import {
  FailureDetailSchema,
  FailureExportQuerySchema,
  FailurePageQuerySchema,
  FailurePageSchema,
  type FailureExportQuery,
  type FailureFilter,
} from '../../contract/failure.js';
import { ApiError, notFound } from '../api-error.js';
import { cursorOf, positionOf, type Position } from '../failure-cursor.js';
import { EXPORT_TYPES, exportFile, exportFileName } from '../failure-export.js';
import { recordOf, summaryOf, type StoredEntry, type StoredSummary } from '../failure-view.js';
import { principalOf } from '../principal.js';
import { at, type Api, type Routes } from '../route.js';
import { RunningExports } from '../running-exports.js';
import { WebhookParamsSchema } from '../webhook-params.js';

/**
 * The failure log of a webhook: "every failed attempt is logged". It is shown while the webhook is there: the entries of
 * a deleted one stay for the analysts until they expire, but nobody finds them here.
 */
export interface FailurePorts {
  readonly webhookExists: (companyId: string, webhookId: string) => Promise<boolean>;
  readonly page: (ref: Ref, query: Query, range: { limit: number; after: Position | undefined }) => Promise<Page>;
  readonly find: (ref: Ref, attemptId: string) => Promise<StoredEntry | null>;
  readonly timeline: (ref: Ref, eventId: string) => Promise<readonly StoredSummary[]>;
  readonly all: (ref: Ref, query: Query) => AsyncIterable<readonly StoredEntry[]>;
  readonly now: () => Date;
}

interface Ref {
  readonly companyId: string;
  readonly webhookId: string;
}

type Query = Omit<FailureFilter, 'from' | 'to'> & { readonly from?: Date | undefined; readonly to?: Date | undefined };

interface Page {
  readonly items: readonly StoredSummary[];
  readonly next: Position | null;
}

const PAGE = 50;
/** A reader that takes nothing for so long is gone. */
const STALLED_MS = 60_000;
const TAGS = ['Failure log'];

export function failureRoutes(ports: FailurePorts): Routes {
  return (api) => {
    listRoute(api, ports);
    readRoute(api, ports);
    exportRoute(api, ports);
  };
}

function listRoute(api: Api, { webhookExists, page }: FailurePorts): void {
  api.route({
    ...at('failures.list'),
    schema: {
      tags: TAGS,
      summary: 'Failed attempts of a webhook, newest first',
      params: WebhookParamsSchema,
      querystring: FailurePageQuerySchema,
      response: { 200: FailurePageSchema },
    },
    handler: async (request) => {
      const ref = { companyId: principalOf(request).companyId, webhookId: request.params.webhookId };
      const { cursor, limit = PAGE, ...filter } = request.query;
      const list = [ref.companyId, ref.webhookId, ...FILTERS.map((name) => filter[name])];
      const after = cursor === undefined ? undefined : positionOf(cursor, list);
      const [exists, found] = await Promise.all([
        webhookExists(ref.companyId, ref.webhookId),
        page(ref, queryOf(filter), { limit, after }),
      ]);
      if (!exists) throw notFound('webhook');
      return {
        items: found.items.map(summaryOf),
        nextCursor: found.next === null ? null : cursorOf(found.next, list),
      };
    },
  });
}

function readRoute(api: Api, { webhookExists, find, timeline }: FailurePorts): void {
  api.route({
    ...at('failures.read'),
    schema: {
      tags: TAGS,
      summary: 'One failed attempt in full, with the other failed attempts of its event',
      params: Type.Object(
        { ...WebhookParamsSchema.properties, attemptId: Type.String({ minLength: 1, maxLength: 300 }) },
        { additionalProperties: false },
      ),
      response: { 200: FailureDetailSchema },
    },
    handler: async (request) => {
      const ref = { companyId: principalOf(request).companyId, webhookId: request.params.webhookId };
      const [exists, entry] = await Promise.all([
        webhookExists(ref.companyId, ref.webhookId),
        find(ref, request.params.attemptId),
      ]);
      if (!exists) throw notFound('webhook');
      if (entry === null) throw notFound('failure entry');
      const attempts = await timeline(ref, entry.eventId);
      return { ...recordOf(entry), timeline: attempts.map(summaryOf) };
    },
  });
}

function exportRoute(api: Api, ports: FailurePorts): void {
  const running = new RunningExports();
  api.addHook('preClose', (done) => {
    running.cutAll();
    done();
  });
  api.route({
    ...at('failures.export'),
    // A HEAD would read the whole export to throw it away.
    exposeHeadRoute: false,
    schema: {
      tags: TAGS,
      summary: 'All failed attempts in full, as a file: NDJSON or CSV',
      params: WebhookParamsSchema,
      querystring: FailureExportQuerySchema,
    },
    handler: async (request, reply) => {
      const ref = { companyId: principalOf(request).companyId, webhookId: request.params.webhookId };
      if (!(await ports.webhookExists(ref.companyId, ref.webhookId))) throw notFound('webhook');
      const leave = running.enter(ref.companyId);
      try {
        const stream = await openExport(ports, ref, request.query);
        stream.once('close', leave);
        running.watch(stream);
        return sendFile(
          reply,
          stream,
          request.query.format,
          exportFileName(request.query.format, ref.webhookId, ports.now()),
        );
      } catch (error) {
        leave();
        throw error;
      }
    },
  });
}

/** Resolves when its first bytes are there: until then, whatever fails is a problem and no broken file. */
async function openExport(ports: FailurePorts, ref: Ref, query: FailureExportQuery): Promise<Readable> {
  const { format, ...filter } = query;
  const wanted = queryOf(filter);
  const stream = Readable.from(exportFile(format, ports.all(ref, wanted)), { objectMode: true, highWaterMark: 1 });
  await once(stream, 'readable');
  return stream;
}

/** What fails from here on cuts the connection, so that nobody takes a part for the whole. */
function sendFile(reply: FastifyReply, stream: Readable, format: FailureExportQuery['format'], name: string) {
  reply.raw.setTimeout(STALLED_MS, () => reply.raw.destroy());
  return reply
    .type(EXPORT_TYPES[format])
    .header('content-disposition', `attachment; filename="${name}"`)
    .header('cache-control', 'no-store')
    .send(stream);
}

const FILTERS = ['from', 'to', 'eventType', 'statusClass', 'eventId'] as const;

function queryOf({ from, to, ...filter }: FailureFilter): Query {
  return { ...filter, from: instantOf(from, '/from'), to: instantOf(to, '/to') };
}

/** @throws ApiError 400 for what has the form of an instant and is none, such as a leap second */
function instantOf(text: string | undefined, pointer: string): Date | undefined {
  if (text === undefined) return undefined;
  const instant = new Date(text);
  if (!Number.isNaN(instant.getTime())) return instant;
  const message = 'This must be an instant such as 2026-03-14T09:26:53Z.';
  throw new ApiError('bad-request', message, { faults: [{ pointer, code: 'format', message }] });
}
