import type { Collection, Db, Filter, FindCursor, FindOptions, Sort } from 'mongodb';
import type { StatusClass } from '../../core/failure-log.js';
import { EVENT_TYPES, type EventType } from '../../core/vocabulary.js';
import type { FailureDocument } from './failure-document.js';
import { onMongo } from './mongo-errors.js';
import type { WebhookRef } from './webhooks.js';

/**
 * Reads the failure log of one webhook, newest first. Every filter names the company.
 *
 * Each question has its index, which is named so that no planner guesses under load; each index also has the order, so
 * that nothing is sorted in memory. A page is found by its position, an instant and an id: entries that are added
 * meanwhile move nothing, and entries of the same instant come one after the other.
 */
export interface FailureQuery {
  /** Included. */
  readonly from?: Date | undefined;
  /** Not included. */
  readonly to?: Date | undefined;
  readonly eventType?: EventType | undefined;
  readonly statusClass?: StatusClass | undefined;
  readonly eventId?: string | undefined;
}

/** Where a page ended: its last entry. */
export interface FailurePosition {
  readonly at: Date;
  readonly id: string;
}

/** What a list shows: without the bodies and headers, which may be large. */
export type FailureSummaryDocument = Omit<
  FailureDocument,
  'request' | 'response' | 'companyId' | 'webhookId' | 'conversationId' | 'expiresAt'
> & { readonly response: { readonly status: number } | null };

export interface FailureSummaryPage {
  readonly items: readonly FailureSummaryDocument[];
  /** Null on the last page. */
  readonly next: FailurePosition | null;
}

const STATUS_CLASSES: readonly StatusClass[] = ['1xx', '2xx', '3xx', '4xx', '5xx', 'none'];

const SUMMARY = {
  jobId: 1,
  eventId: 1,
  eventType: 1,
  attempt: 1,
  at: 1,
  durationMs: 1,
  'response.status': 1,
  statusClass: 1,
  cause: 1,
  followUp: 1,
} as const;

const NEWEST_FIRST = { at: -1, _id: -1 } as const;
const OLDEST_FIRST = { at: 1, _id: 1 } as const;

/** Entries of the instant at which a page ended that the next find has room for, the last one itself among them. */
const SHOWN_OF_AN_INSTANT = 4;
/** One event has a handful of attempts; more can only be an event id that a pipeline uses again and again. */
const LONGEST_TIMELINE = 100;
/** Entries that are in memory at once while all are read; each may be as large as its event. */
const BATCH = 32;

export class FailureLogReader {
  readonly #entries: Collection<FailureDocument>;

  constructor(db: Db) {
    this.#entries = db.collection<FailureDocument>('failure_log');
  }

  /** The newest `limit` entries that are older than `after`. @throws DependencyError when MongoDB is away */
  async page(
    ref: WebhookRef,
    query: FailureQuery,
    { limit, after }: { readonly limit: number; readonly after?: FailurePosition | undefined },
  ): Promise<FailureSummaryPage> {
    const items = await (after === undefined
      ? this.#summaries(rangeOf(ref, query), query, limit + 1)
      : this.#after(ref, query, after, limit + 1));
    if (items.length <= limit) return { items, next: null };
    const last = items[limit - 1] as FailureSummaryDocument;
    return { items: items.slice(0, limit), next: { at: last.at, id: last._id } };
  }

  /** One entry in full. @throws DependencyError when MongoDB is away */
  find({ companyId, webhookId }: WebhookRef, attemptId: string): Promise<FailureDocument | null> {
    return onMongo('reading a failure entry', () => this.#entries.findOne({ companyId, webhookId, _id: attemptId }));
  }

  /** The failed attempts of one event at this webhook, oldest first. @throws DependencyError when MongoDB is away */
  timeline({ companyId, webhookId }: WebhookRef, eventId: string): Promise<readonly FailureSummaryDocument[]> {
    return onMongo('reading the attempts of an event', () =>
      this.#entries
        .find({ companyId, webhookId, eventId }, { projection: SUMMARY, hint: 'company_event' })
        .sort(OLDEST_FIRST)
        .limit(LONGEST_TIMELINE)
        .toArray(),
    );
  }

  /**
   * All entries in full, a batch at a time: the next one is asked for when the last was taken. The cursor is closed
   * when the caller stops, wherever that is. @throws DependencyError when MongoDB is away
   */
  async *all(ref: WebhookRef, query: FailureQuery): AsyncGenerator<readonly FailureDocument[], void, undefined> {
    const cursor = this.#find(rangeOf(ref, query), query, { batchSize: BATCH });
    try {
      while (await onMongo('reading the failure log', () => cursor.hasNext())) yield cursor.readBufferedDocuments();
    } finally {
      await cursor.close().catch(() => undefined);
    }
  }

  /**
   * As a rule one find: what isn't newer than the position, with room for a few entries of its very instant, which were
   * shown before. Only where more than these share the instant are they passed by in the index, by a find of their own.
   */
  async #after(
    ref: WebhookRef,
    query: FailureQuery,
    after: FailurePosition,
    limit: number,
  ): Promise<readonly FailureSummaryDocument[]> {
    const [at, id] = [after.at.getTime(), after.id];
    const room = limit + SHOWN_OF_AN_INSTANT;
    const found = await this.#summaries(rangeOf(ref, untilWith(query, after.at)), query, room);
    const left = found.filter((entry) => entry.at.getTime() < at || entry._id < id);
    if (left.length >= limit || found.length < room) return left.slice(0, limit);
    const ranges = rangesAfter(ref, query, after);
    return (await Promise.all(ranges.map((range) => this.#summaries(range, query, limit)))).flat().slice(0, limit);
  }

  #summaries(range: Range, query: FailureQuery, limit: number): Promise<readonly FailureSummaryDocument[]> {
    const options = { projection: SUMMARY, limit, batchSize: limit, singleBatch: true };
    return onMongo('reading the failure log', () => this.#find(range, query, options).toArray());
  }

  #find({ filter, sort }: Range, query: FailureQuery, options: FindOptions): FindCursor<FailureDocument> {
    return this.#entries.find(filter, { ...options, hint: indexFor(query), sort });
  }
}

/** The query, but nothing newer than this instant, which is included; instants are whole milliseconds. */
function untilWith(query: FailureQuery, at: Date): FailureQuery {
  const end = new Date(at.getTime() + 1);
  return { ...query, to: query.to !== undefined && query.to < end ? query.to : end };
}

/** A part of an index, in its order. */
interface Range {
  readonly filter: Filter<FailureDocument>;
  readonly sort: Sort;
}

/** The name of the index that answers it. */
function indexFor({ eventId, eventType, statusClass }: FailureQuery): string {
  if (eventId !== undefined) return 'company_event';
  return eventType === undefined && statusClass === undefined ? 'company_webhook_at' : 'company_webhook_class_type_at';
}

function rangeOf({ companyId, webhookId }: WebhookRef, query: FailureQuery): Range {
  const { from, to } = query;
  const filter = {
    companyId,
    webhookId,
    ...kindsOf(query),
    ...(from || to ? { at: { ...(from && { $gte: from }), ...(to && { $lt: to }) } } : {}),
  };
  return { filter, sort: NEWEST_FIRST };
}

/**
 * One index serves class, type and both: a part that isn't asked for is filled in with all its values, of which each
 * has its entries in order, and the server merges them without a sort.
 */
function kindsOf({ eventId, eventType, statusClass }: FailureQuery): Filter<FailureDocument> {
  if (eventId !== undefined) return { eventId, ...(eventType && { eventType }), ...(statusClass && { statusClass }) };
  if (eventType === undefined && statusClass === undefined) return {};
  return {
    statusClass: statusClass ?? { $in: [...STATUS_CLASSES] },
    eventType: eventType ?? { $in: [...EVENT_TYPES] },
  };
}

/**
 * Older than a position: first what has its very instant, then what is older. Two ranges, each exact in its index. The
 * first is sorted by id alone: with one instant that is the same, and only so does the server merge without a sort.
 */
function rangesAfter(ref: WebhookRef, query: FailureQuery, { at, id }: FailurePosition): Range[] {
  const { from, to } = query;
  const older = rangeOf(ref, { ...query, to: to !== undefined && to < at ? to : at });
  if ((from !== undefined && at < from) || (to !== undefined && at >= to)) return [older];
  const { filter } = rangeOf(ref, { ...query, from: undefined, to: undefined });
  return [{ filter: { ...filter, at, _id: { $lt: id } }, sort: { _id: -1 } }, older];
}
