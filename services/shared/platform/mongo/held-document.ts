import { Binary } from 'mongodb';
import { attemptIdOf, type Job } from '../../core/job.js';
import type { EventType, Lane, SourcePosition } from '../../core/vocabulary.js';

/** A job that waits in `held_deliveries` while its webhook is Failed, and until it has recovered. */
export interface HeldDocument {
  /** The id of the attempt that is still owed: holding a redelivered record twice leaves one. */
  readonly _id: string;
  readonly companyId: string;
  readonly webhookId: string;
  readonly jobId: string;
  readonly eventId: string;
  readonly eventType: EventType;
  readonly conversationId: string;
  /** 1-based: the attempt that is still owed. */
  readonly attempt: number;
  /** How often the endpoint asked to wait at this attempt; absent where it never did. */
  readonly postponed?: number;
  /** Until when it asked to wait; absent where it didn't. */
  readonly notBefore?: Date;
  readonly receivedAt: Date;
  /** The offset of the event in its partition: orders what was received within one millisecond. */
  readonly position: number;
  readonly heldAt: Date;
  /** Of the body. */
  readonly bytes: number;
  readonly body: Binary | Buffer;
  readonly source: SourcePosition;
  readonly lane: Lane;
  /** Dropped then, with an entry in the failure log. */
  readonly expiresAt: Date;
}

/** `now` is epoch ms; an event is held until `maxAgeMs` after it was received. */
export function toHeldDocument(job: Job, now: number, maxAgeMs: number): HeldDocument {
  const { companyId, webhookId, jobId, eventId, eventType, conversationId, attempt, receivedAt, body } = job;
  return {
    _id: attemptIdOf(job),
    companyId,
    webhookId,
    jobId,
    eventId,
    eventType,
    conversationId,
    attempt,
    ...(job.postponed === 0 ? {} : { postponed: job.postponed }),
    ...(job.notBefore === 0 ? {} : { notBefore: new Date(job.notBefore) }),
    receivedAt: new Date(receivedAt),
    position: Number(job.source.offset),
    heldAt: new Date(now),
    bytes: body.byteLength,
    body: new Binary(body),
    source: job.source,
    lane: job.lane,
    expiresAt: new Date(receivedAt + maxAgeMs),
  };
}

/** The job as it goes on. */
export function toHeldJob(document: HeldDocument): Job {
  const { companyId, webhookId, jobId, eventId, eventType, conversationId, attempt, source, lane } = document;
  return {
    jobId,
    webhookId,
    companyId,
    eventId,
    eventType,
    conversationId,
    attempt,
    notBefore: document.notBefore?.getTime() ?? 0,
    postponed: document.postponed ?? 0,
    receivedAt: document.receivedAt.getTime(),
    lane,
    source: { topic: source.topic, partition: source.partition, offset: source.offset },
    body: Buffer.isBuffer(document.body) ? document.body : Buffer.from(document.body.buffer),
  };
}
