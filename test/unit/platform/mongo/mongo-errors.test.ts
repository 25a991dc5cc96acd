import { describe, expect, test } from '@jest/globals';
import {
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
  MongoTopologyClosedError,
  type BulkWriteResult,
  type TopologyDescription,
} from 'mongodb';
import { isAway, isDuplicateKey, onMongo } from '../../../../services/shared/platform/mongo/mongo-errors.js';

const server = (code: number, errorLabels: string[] = []) => new MongoServerError({ message: 'm', code, errorLabels });

/** A bulk write's error as the driver makes it: around the cause, and with what the server said of majorities. */
function bulk(cause: Error | { message: string; code: number }, writeConcernCode?: number): MongoBulkWriteError {
  const told = writeConcernCode === undefined ? undefined : { code: writeConcernCode };
  const result = { getWriteConcernError: () => told } as unknown as BulkWriteResult;
  return new MongoBulkWriteError(cause, result);
}

describe('what the driver throws', () => {
  test.each<[string, unknown]>([
    ['a lost connection', new MongoNetworkError('m')],
    ['a silent socket', new MongoNetworkTimeoutError('m')],
    ['no server found', new MongoServerSelectionError('m', {} as TopologyDescription)],
    ['a closed topology', new MongoTopologyClosedError()],
    ['a closed client', new MongoClientClosedError()],
    ['a server that is not primary (any more)', server(10_107)],
    ['a server in recovery', server(13_436)],
    ['a server that shuts down', server(11_600)],
    ['a step-down', server(189)],
    ['no majority in time', server(64)],
    ['an operation over its time', server(50)],
    ['a label that says so', server(1, ['RetryableWriteError'])],
    ['a lost connection inside a bulk write', bulk(new MongoNetworkError('m'))],
    ['no majority for a bulk write', bulk({ message: 'm', code: 64 })],
    ['no majority for a bulk write with a refused document', bulk({ message: 'm', code: 121 }, 64)],
  ])('%s means that MongoDB is away', async (_, error) => {
    expect(isAway(error)).toBe(true);
    const failing = onMongo('reading', () => Promise.reject(error as Error));
    await expect(failing).rejects.toMatchObject({ name: 'DependencyError', dependency: 'mongodb' });
  });

  test.each<[string, unknown]>([
    ['a duplicate key', server(11_000)],
    ['a document that fails validation', server(121)],
    ['a bad query', server(2)],
    ['a wrong argument', new MongoInvalidArgumentError('m')],
    ['a refused document in a bulk write', bulk({ message: 'm', code: 121 })],
    ['a bug of ours', new TypeError('m')],
  ])('%s is passed on as it is', async (_, error) => {
    await expect(onMongo('reading', () => Promise.reject(error as Error))).rejects.toBe(error);
  });

  test('its message stays out of ours, because it can quote documents and addresses', async () => {
    const failing = onMongo('reading webhooks', () => Promise.reject(new MongoNetworkError('secret address')));
    await expect(failing).rejects.toMatchObject({
      message: 'mongodb: failed while reading webhooks (MongoNetworkError)',
    });
  });

  test('a refused document of a bulk write is not carried along as a cause', async () => {
    const error = bulk({ message: 'm', code: 121 }, 64);
    const failing = onMongo('writing', () => Promise.reject(error));
    await expect(failing).rejects.toMatchObject({ name: 'DependencyError', cause: undefined });
  });

  test('nothing at all means that MongoDB is away, after the deadline', async () => {
    const never = new Promise<never>(() => undefined);
    await expect(onMongo('reading', () => never, 20)).rejects.toMatchObject({
      name: 'DependencyError',
      message: 'mongodb: no answer within 20 ms while reading',
    });
  });

  test('only a duplicate key is a duplicate key', () => {
    expect(isDuplicateKey(server(11_000))).toBe(true);
    expect(isDuplicateKey(server(121))).toBe(false);
    expect(isDuplicateKey(new Error('E11000'))).toBe(false);
  });
});
