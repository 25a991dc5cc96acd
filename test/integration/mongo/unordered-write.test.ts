import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { InvariantError } from '../../../services/shared/core/errors.js';
import { insertNew, settledBy, writeUnordered } from '../../../services/shared/platform/mongo/unordered-write.js';
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
