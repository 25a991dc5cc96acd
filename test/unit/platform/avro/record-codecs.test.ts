import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InvariantError } from '../../../../services/shared/core/errors.js';
import type { Job } from '../../../../services/shared/core/job.js';
import { CALL_EVENT_TYPES } from '../../../../services/shared/core/vocabulary.js';
import type { DeadLetter } from '../../../../services/shared/core/verdict.js';
import {
  createDeadLetterDecoder,
  createDeadLetterEncoder,
} from '../../../../services/shared/platform/avro/dead-letter-codec.js';
import { createJobDecoder, createJobEncoder } from '../../../../services/shared/platform/avro/job-codec.js';
import { createRecordEncoder } from '../../../../services/shared/platform/avro/record-encoder.js';
import { newestSchema } from '../../../../services/shared/platform/avro/schema-files.js';
import { fixedSchemas } from '../../../support/known-schemas.js';

const text = fc.string({ unit: 'grapheme' }).map((string) => Buffer.from(string).toString());
const bytes = fc.uint8Array({ maxLength: 5000 }).map((array) => Buffer.from(array));
const source = fc.record({
  topic: text,
  partition: fc.nat(),
  offset: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String),
});
const epochMs = fc.nat({ max: 253_402_300_799_999 });

const jobs: fc.Arbitrary<Job> = fc.record({
  jobId: text,
  webhookId: text,
  companyId: text,
  eventId: text,
  eventType: fc.constantFrom(...CALL_EVENT_TYPES),
  conversationId: text,
  attempt: fc.integer({ min: 1, max: 100 }),
  notBefore: epochMs,
  receivedAt: epochMs,
  lane: fc.constantFrom('dispatch' as const, 'overflow' as const),
  source,
  body: bytes,
  postponed: fc.nat(50),
});

const letters: fc.Arbitrary<DeadLetter> = fc.record({
  reason: fc.constantFrom('undecodable' as const, 'contract-broken' as const, 'too-large' as const),
  detail: text,
  service: text,
  source,
  parkedAt: epochMs,
  key: fc.option(bytes),
  value: fc.option(bytes),
  truncated: fc.boolean(),
});

describe('a job', () => {
  const schemas = fixedSchemas({ 9: newestSchema('delivery-job') });
  const encoder = createJobEncoder(9);
  const decoder = createJobDecoder(schemas);

  test('is read as it was written', () => {
    fc.assert(fc.property(jobs, (job) => expect(plain(decoder.decode(encoder.encode(job)))).toEqual(job)));
  });

  test('of any size is written: the largest of a run does not spoil the next', () => {
    const [job] = fc.sample(jobs, 1) as [Job];
    for (const length of [10, 900_000, 20_000, 0, 300_000]) {
      const sized = { ...job, body: Buffer.alloc(length, 'x') };
      expect((decoder.decode(encoder.encode(sized)) as Job).body.equals(sized.body)).toBe(true);
    }
  });

  test('keeps nothing of the buffer that it was read from', () => {
    const [job] = fc.sample(jobs, 1) as [Job];
    const record = encoder.encode({ ...job, body: Buffer.from('the body') });
    const read = decoder.decode(record) as Job;
    record.fill(0xff);
    expect(read.body.toString()).toBe('the body');
    expect(read.jobId).toBe(job.jobId);
  });

  test('has a header with the id of its schema', () => {
    const [job] = fc.sample(jobs, 1) as [Job];
    expect(encoder.encode(job).subarray(0, 5)).toEqual(Buffer.from([0, 0, 0, 0, 9]));
  });
});

describe('a dead letter', () => {
  const decoder = createDeadLetterDecoder(fixedSchemas({ 9: newestSchema('dead-letter') }));
  const encoder = createDeadLetterEncoder(9);

  test('is read as it was written', () => {
    fc.assert(fc.property(letters, (letter) => expect(plain(decoder.decode(encoder.encode(letter)))).toEqual(letter)));
  });

  test('holds a whole record of 1 MiB', () => {
    const [letter] = fc.sample(letters, 1) as [DeadLetter];
    const value = Buffer.alloc(1024 * 1024, 1);
    expect((decoder.decode(encoder.encode({ ...letter, value })) as DeadLetter).value?.equals(value)).toBe(true);
  });
});

describe('a value that does not fit its schema', () => {
  const encoder = createRecordEncoder<object>(newestSchema('delivery-job'), 9);

  test('is a bug of ours, told with the place and without the value', () => {
    const [job] = fc.sample(jobs, 1) as [Job];
    const wrong = { ...job, source: { ...job.source, partition: 'canary' } };
    const attempt = () => encoder.encode(wrong);
    expect(attempt).toThrow(InvariantError);
    expect(attempt).toThrow('source.partition');
    expect(attempt).not.toThrow('canary');
  });
});

/** Without the prototype that avsc gives its records. */
function plain(record: object): object {
  return { ...(record as Record<string, unknown>) };
}
