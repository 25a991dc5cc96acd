import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { InvariantError } from '../../../services/shared/core/errors.js';
import {
  insertNew,
  settledBy,
  upsertAll,
  writeUnordered,
} from '../../../services/shared/platform/mongo/unordered-write.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

interface Named {
  readonly _id: string;
  readonly secret?: string;
}

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.end());

test('a batch that is refused as a whole doesn’t pass for written, and quotes no document', async () => {
  const named = database.db.collection<Named>('named');
  // A command that MongoDB doesn't understand: an error of its own, with no word of any document.
  const nonsense = { ordered: false, maxTimeMS: -1 };
  const writes: (() => Promise<unknown>)[] = [
    () => named.insertMany([{ _id: 'a', secret: 's3cret' }], nonsense),
    () => named.bulkWrite([{ updateOne: { filter: { _id: 's3cret' }, update: { $set: { secret: '' } } } }], nonsense),
  ];
  for (const write of writes) {
    const error: unknown = await writeUnordered('writing', write).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvariantError);
    expect(JSON.stringify(error) + String(error)).not.toContain('s3cret');
  }
  expect(await named.countDocuments()).toBe(0);
});

test('of those that are refused each is told; the others are written', async () => {
  const named = database.db.collection<Named>('named');
  const documents = [{ _id: 'a' }, { _id: 'b' }];
  await named.insertOne({ _id: 'a' });
  const refused = await writeUnordered('inserting', () => named.insertMany(documents, { ordered: false }));
  expect([...refused]).toEqual([[0, 11_000]]);
  expect(settledBy('inserting', documents, refused).map(({ kind }) => kind)).toEqual(['failed', 'done']);
  expect(await named.countDocuments()).toBe(2);
  expect((await insertNew('inserting', named, documents)).size).toBe(0);
});

describe('upserts', () => {
  interface Owned {
    readonly _id: string;
    readonly companyId: string;
    readonly count: number;
  }
  const upsertsOf = (companyId: string, ids: readonly string[]) =>
    ids.map((_id) => ({ updateOne: { filter: { _id, companyId }, update: { $inc: { count: 1 } }, upsert: true } }));

  test('several of one new document at the same instant: each is counted once, none is refused', async () => {
    const owned = database.db.collection<Owned>('owned');
    const writers = Array.from({ length: 8 }, (_, n) => n);
    const ids = Array.from({ length: 100 }, (_, n) => `document-${n}`);
    for (const id of ids) await Promise.all(writers.map(() => upsertAll('counting', owned, upsertsOf('c1', [id]))));
    const counts = await owned.find().toArray();
    expect(counts.map(({ count }) => count)).toEqual(ids.map(() => writers.length));
  });

  test('one whose document is another company’s is refused for good, and leaves it as it is', async () => {
    const owned = database.db.collection<Owned>('owned-by-another');
    await upsertAll('counting', owned, upsertsOf('c1', ['a']));
    await expect(upsertAll('counting', owned, upsertsOf('c2', ['a', 'b']))).rejects.toThrow(InvariantError);
    const found = await owned.find().sort({ _id: 1 }).toArray();
    expect(found.map(({ companyId, count }) => [companyId, count])).toEqual([
      ['c1', 1],
      ['c2', 1],
    ]);
  });
});
