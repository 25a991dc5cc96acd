import { describe, expect, test } from '@jest/globals';
import {
  chooseSource,
  type DockerVerdict,
  sourceLine,
  splitByEnvironment,
} from '../../../../deploy/local/choose-source.js';

const noDocker: DockerVerdict = { kind: 'unusable', reason: 'no Docker engine answers' };
const docker: DockerVerdict = { kind: 'usable' };
const all = { KAFKA_BROKERS: 'k:9092', MONGODB_URI: 'mongodb://m', SCHEMA_REGISTRY_URL: 'http://r' };

describe('where the servers come from', () => {
  test.each([
    { env: all, engine: docker, source: 'environment', toStart: [] },
    { env: {}, engine: docker, source: 'docker', toStart: ['kafka', 'mongodb', 'schemaRegistry'] },
    { env: {}, engine: noDocker, source: 'local', toStart: ['kafka', 'mongodb', 'schemaRegistry'] },
    { env: { KAFKA_BROKERS: 'k:9092' }, engine: noDocker, source: 'local', toStart: ['mongodb', 'schemaRegistry'] },
    { env: { ...all, MONGODB_URI: '' }, engine: docker, source: 'docker', toStart: ['mongodb'] },
    { env: { ...all, MONGODB_URI: '  ' }, engine: noDocker, source: 'local', toStart: ['mongodb'] },
  ])('addresses in the environment go first, then Docker, then local processes: $source', (row) => {
    const choice = splitByEnvironment(row.env);
    expect(choice.toStart).toEqual(row.toStart);
    expect(chooseSource(choice.toStart, row.engine)).toBe(row.source);
  });

  test('an address is taken without the blanks around it', () => {
    expect(splitByEnvironment({ KAFKA_BROKERS: ' a:1,b:2 ' }).given).toEqual({ kafka: 'a:1,b:2' });
  });
});

describe('the line that tells which source was taken', () => {
  test.each([
    [{}, docker, 'Servers: Docker containers'],
    [{}, noDocker, 'Servers: local processes (no Docker engine answers)'],
    [
      all,
      noDocker,
      'Servers: Kafka from KAFKA_BROKERS, MongoDB from MONGODB_URI, Schema Registry from SCHEMA_REGISTRY_URL',
    ],
    [
      { KAFKA_BROKERS: 'k:9092' },
      noDocker,
      'Kafka from KAFKA_BROKERS; MongoDB, Schema Registry: local processes (no Docker engine answers)',
    ],
  ])('%#: it is one line', (env, engine, line) => {
    expect(sourceLine(splitByEnvironment(env), engine)).toBe(line);
  });

  test('it never shows an address, which may carry a password', () => {
    const env = { ...all, MONGODB_URI: 'mongodb://user:secret@host/' };
    expect(sourceLine(splitByEnvironment(env), noDocker)).not.toContain('secret');
  });
});
