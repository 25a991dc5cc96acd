import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compressSync } from 'snappy';
import type { Codec } from '../../../../services/shared/platform/kafka/codec.js';
import { gzipCodec } from '../../../../services/shared/platform/kafka/gzip-codec.js';
import { lz4Codec } from '../../../../services/shared/platform/kafka/lz4-codec.js';
import { snappyCodec } from '../../../../services/shared/platform/kafka/snappy-codec.js';
import { zstdCodec } from '../../../../services/shared/platform/kafka/zstd-codec.js';
import { projectRoot } from '../../../../services/shared/platform/process/project-root.js';

const MIB = 1024 * 1024;
const CODECS: readonly [string, (maxBytes: number) => Codec][] = [
  ['gzip', gzipCodec],
  ['snappy', snappyCodec],
  ['lz4', lz4Codec],
  ['zstd', zstdCodec],
];

describe.each(CODECS)('%s', (name, create) => {
  const codec = create(64 * MIB);
  const javaBatch = readFileSync(join(projectRoot(), 'test', 'fixtures', 'java-batches', `${name}.bin`));

  test("a batch of Kafka's own Java producer is read", async () => {
    const records = (await codec.decompress(javaBatch)).toString();
    expect(records.length).toBeGreaterThan(125_000);
    for (const n of [0, 1, 300, 590]) expect(records).toContain(`"event number ${n} padding padding`);
  });

  test('what is written is read again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 2000 }),
        fc.integer({ min: 1, max: 300 }),
        async (bytes, times) => {
          const raw = Buffer.concat(Array.from({ length: times }, () => bytes));
          expect((await codec.decompress(await codec.compress({ buffer: raw }))).equals(raw)).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  test("two codecs in one process do not get in each other's way", async () => {
    const raw = Buffer.from('0123456789'.repeat(20_000));
    const [one, other] = [create(MIB), create(MIB)];
    const batch = await one.compress({ buffer: raw });
    for (const reader of [other, one, other]) expect((await reader.decompress(batch)).equals(raw)).toBe(true);
    await other.decompress(javaBatch);
    expect((await one.decompress(batch)).equals(raw)).toBe(true);
  });

  test('a batch that would inflate beyond the bound is refused', async () => {
    const zeros = await codec.compress({ buffer: Buffer.alloc(20 * MIB) });
    await expect(create(4 * MIB).decompress(zeros)).rejects.toThrow(/^\w+: decompressing a batch failed/);
  });

  test('a batch that was cut off or garbled fails with a plain error, never one that ends the consumer for good', async () => {
    const patches = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.nat(javaBatch.length - 1), patches, async (length, garbled) => {
        const bytes = Buffer.from(javaBatch.subarray(0, length));
        for (const [at, byte] of garbled) if (at < length) bytes[at] = byte;
        const error = await codec.decompress(bytes).then(
          () => undefined,
          (reason: unknown) => reason as Error,
        );
        expect(error === undefined || error.constructor === Error).toBe(true);
      }),
      { numRuns: 200 },
    );
    expect((await codec.decompress(javaBatch)).length).toBeGreaterThan(125_000);
  });
});

describe('snappy without framing, as librdkafka writes it', () => {
  test('is read', async () => {
    const raw = Buffer.from('{"text":"event"}'.repeat(10_000));
    expect((await snappyCodec(MIB).decompress(compressSync(raw))).equals(raw)).toBe(true);
  });

  test('is refused when its header announces more than is allowed', async () => {
    const announced = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0x00]);
    await expect(snappyCodec(MIB).decompress(announced)).rejects.toThrow('4294967295 bytes');
  });
});

describe('a frame that announces more than its blocks can hold', () => {
  test('is refused (zstd): room is made for what the blocks can hold', async () => {
    // Single segment, 8-byte content size of 2^40, one block of three stored bytes.
    const frame = Buffer.from('28b52ffde00000000000010000' + '190000616263', 'hex');
    await expect(zstdCodec(64 * MIB).decompress(frame)).rejects.toThrow('announces more bytes');
  });
});
