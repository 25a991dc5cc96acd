import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectMongo, isMongoReachable } from '../../../services/shared/platform/mongo/connect.js';
import { openCuttableProxy, type CuttableProxy } from './cuttable-proxy.js';
import { openTestDatabase, type TestDatabase } from './test-database.js';

let database: TestDatabase;
let proxy: CuttableProxy;

beforeAll(async () => {
  database = await openTestDatabase({ migrated: false });
  proxy = await openCuttableProxy();
});

afterAll(async () => {
  await database.end();
  await proxy.close();
});

describe('a connection', () => {
  test('waits for a majority with every write, and reads what a majority has', async () => {
    await database.db.collection('things').insertOne({ n: 1 });
    await database.db.collection('things').findOne({ n: 1 });
    const sent = (name: string) => database.commands.find(({ commandName }) => commandName === name)?.command;
    expect(sent('insert')).toMatchObject({ writeConcern: { w: 'majority' }, txnNumber: expect.anything() });
    expect(sent('find')).toMatchObject({ readConcern: { level: 'majority' } });
  });

  test('is looked over for idle ones every few seconds, not ten times a second', async () => {
    const { client } = await database.connectAgain();
    const { topology } = client as unknown as {
      topology: { s: { servers: Map<string, { pool: { options: object } }> } };
    };
    const options = [...topology.s.servers.values()].map(({ pool }) => pool.options);
    expect(options).toEqual([expect.objectContaining({ minPoolSizeCheckFrequencyMS: 5_000 })]);
    await client.close();
  });

  test('to a server that is away fails within 5 s, as a DependencyError', async () => {
    await proxy.cut();
    const begun = performance.now();
    const connecting = connectMongo({ uri: proxy.uri, database: 'any', appName: 'test' });
    await expect(connecting).rejects.toMatchObject({ name: 'DependencyError', dependency: 'mongodb' });
    expect(performance.now() - begun).toBeLessThan(5_000);
    await proxy.mend();
  });
});

describe('/readyz', () => {
  test('is told yes while a primary answers', async () => {
    expect(await isMongoReachable(database.db)).toBe(true);
  });

  test.each(['cut', 'hang'] as const)('is told no within a second when the network fails: %s', async (fault) => {
    const connection = await database.connectAgain(proxy.uri);
    expect(await isMongoReachable(connection.db)).toBe(true);
    await proxy[fault]();
    const begun = performance.now();
    expect(await isMongoReachable(connection.db)).toBe(false);
    expect(performance.now() - begun).toBeLessThan(5_000);
    await proxy.mend();
    await connection.close();
  });
});
