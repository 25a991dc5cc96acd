import { describe, expect, test } from '@jest/globals';
import type { ServerName } from '../../../../deploy/local/choose-source.js';
import { javaMajor, missingNeeds, usableMongodVersion } from '../../../../deploy/local/needs.js';

const all: ServerName[] = ['kafka', 'mongodb', 'schemaRegistry'];

describe('the sentence for a machine that lacks something', () => {
  test('there is none when all is there', () => {
    expect(missingNeeds({ java: 17, maven: true, pip: true, wheelFits: true }, all)).toBeUndefined();
    expect(missingNeeds({}, ['mongodb'])).toBeUndefined();
  });

  test.each([
    [
      { java: 0 },
      all,
      ['Kafka and Schema Registry need Java 17', 'openjdk-17', 'set KAFKA_BROKERS and SCHEMA_REGISTRY_URL'],
    ],
    [{ java: 11 }, ['kafka'] as ServerName[], ['Kafka needs Java 17', 'set KAFKA_BROKERS.']],
    [{ java: 21, maven: false }, all, ['need Maven', 'apt-get install maven']],
    [{ pip: false, wheelFits: true }, all, ['MongoDB needs Python 3 with pip', 'set MONGODB_URI']],
    [{ pip: true, wheelFits: false }, all, ['MongoDB needs a mongod', 'on PATH']],
    [
      { java: 0, maven: false, pip: false },
      all,
      ['Kafka, MongoDB, and Schema Registry need Java', 'Maven', 'and Python'],
    ],
  ])('%#: it says what to install and the ways around it', (found, toStart, parts) => {
    const sentence = missingNeeds(found, toStart) ?? '';
    for (const part of [...parts, 'or start Docker']) expect(sentence).toContain(part);
    expect(sentence.split('\n')).toHaveLength(1);
  });
});

test.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['java version "1.8.0_392"', 8],
  ['openjdk version "21" 2023-09-19', 21],
  ['sh: 1: java: not found', 0],
])('the Java version in %j is %d', (output, major) => {
  expect(javaMajor(output)).toBe(major);
});

test.each([
  ['db version v6.0.5\nBuild Info: {', '6.0.5'],
  ['db version v8.0.17', '8.0.17'],
  ['db version v4.4.29', undefined],
  ['not found', undefined],
])('a mongod that says %j is usable as %s', (output, version) => {
  expect(usableMongodVersion(output)).toBe(version);
});
