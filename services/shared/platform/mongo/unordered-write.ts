import {
  MongoBulkWriteError,
  type AnyBulkWriteOperation,
  type Collection,
  type Document,
  type OptionalUnlessRequiredId,
} from 'mongodb';
import { DependencyError, InvariantError } from '../../core/errors.js';
import type { Settled } from '../process/write-batcher.js';
import { DUPLICATE_KEY, isAwayCode, onMongo } from './mongo-errors.js';

/** The codes of the operations that the server refused, by their place in the batch; all others were carried out. */
export type Refused = ReadonlyMap<number, number>;

/**
 * Runs an unordered batch of writes; one that is refused doesn't fail its neighbours.
 * @throws DependencyError when MongoDB is away; some may have been carried out then
 * @throws InvariantError when it refuses the batch as a whole
 */
export async function writeUnordered(doing: string, write: () => Promise<unknown>): Promise<Refused> {
  try {
    await onMongo(doing, write);
    return new Map();
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error;
    // Nothing else of this error may go on: it quotes the refused documents, customers' data included.
    const refused = new Map([error.writeErrors].flat().map(({ index, code }) => [index, code]));
    // The driver wraps what failed as a whole, too, and then names no operation: none of them was carried out.
    if (refused.size === 0) throw refusalOf(doing, Number(error.code));
    return refused;
  }
}

/** What to throw for one that was refused: it can be tried again when its code says that MongoDB is away. */
export function refusalOf(doing: string, code: number): Error {
  if (isAwayCode(code)) return new DependencyError('mongodb', `failed while ${doing} (code ${code})`);
  return new InvariantError(`MongoDB refused ${doing} (code ${code})`);
}

/** What became of each item of a batch. */
export function settledBy(doing: string, items: readonly unknown[], refused: Refused): readonly Settled<void>[] {
  return items.map((_, index) => {
    const code = refused.get(index);
    return code === undefined ? { kind: 'done', result: undefined } : { kind: 'failed', error: refusalOf(doing, code) };
  });
}

/**
 * Inserts the documents whose `_id` isn't there yet, acknowledged by a majority; those that are there stay as they are.
 *
 * An insert and not an upsert of `$setOnInsert`: the server writes a batch of inserts in one transaction of its storage,
 * but upserts one by one, which costs it three times as much.
 * @throws DependencyError when MongoDB is away; inserting all again is safe
 */
export async function insertNew<D extends { readonly _id: string }>(
  doing: string,
  collection: Collection<D>,
  documents: readonly D[],
): Promise<Refused> {
  const all = documents as readonly OptionalUnlessRequiredId<D>[];
  const refused = await writeUnordered(doing, () => collection.insertMany(all, { ordered: false }));
  return new Map([...refused].filter(([, code]) => code !== DUPLICATE_KEY));
}

const UPSERT_TRIES = 5;

/**
 * Runs an unordered batch of upserts, each by the `_id` of its document.
 *
 * Two of one new document at the same instant: one is refused, and finds the document there the next time. The server
 * does that by itself only where the filter is `_id` alone, and ours name the company as well.
 * @throws DependencyError when MongoDB is away; some may have been carried out then
 * @throws InvariantError when it refuses one for good, as where another company has the `_id`
 */
export async function upsertAll<D extends Document>(
  doing: string,
  collection: Collection<D>,
  upserts: readonly AnyBulkWriteOperation<D>[],
): Promise<void> {
  let left = upserts;
  for (let tries = 1; left.length > 0; tries += 1) {
    const refused = await writeUnordered(doing, () => collection.bulkWrite(left, { ordered: false }));
    for (const code of refused.values()) {
      if (code !== DUPLICATE_KEY || tries === UPSERT_TRIES) throw refusalOf(doing, code);
    }
    left = left.filter((_, index) => refused.has(index));
  }
}
