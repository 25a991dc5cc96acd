import type { Job } from '../../core/job.js';
import type { RecordDecoder, WriterSchemas } from './record-decoder.js';
import { createRecordDecoder } from './record-decoder.js';
import type { RecordEncoder } from './record-encoder.js';
import { createRecordEncoder } from './record-encoder.js';
import { newestSchema } from './schema-files.js';

/** A job carries the rendered JSON of an event of up to 1 MiB of Avro; the topics take records of 4 MiB. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * A job as the record of webhooks.dispatch, webhooks.overflow and webhooks.retry-3s.
 *
 * The schema's fields are those of the type Job, so nothing is mapped: this is the hot path of every process. avsc
 * copies the body out of Kafka's buffer (into slabs of 4 KiB), so a job that waits in memory pins at most a slab and
 * never the fetch response of a megabyte that it came in.
 *
 * `eventType` is not compared with our list: a process that is older than the one which wrote the job must still
 * deliver it, and the type means nothing to delivery.
 */
export function createJobDecoder(schemas: WriterSchemas): RecordDecoder<Job> {
  return createRecordDecoder<Job>({ reader: newestSchema('delivery-job'), schemas, maxBytes: MAX_BYTES });
}

/** @param schemaId the id of our newest delivery-job schema, the same on all topics of jobs */
export function createJobEncoder(schemaId: number): RecordEncoder<Job> {
  return createRecordEncoder<Job>(newestSchema('delivery-job'), schemaId);
}
