import { describe, expect, test } from '@jest/globals';
import { readDemoArguments } from '../../../../deploy/local/demo/demo-arguments.js';
import { demoEnvironment } from '../../../../deploy/local/demo/demo-environment.js';
import { DEMO_COMPANIES, DEMO_WEBHOOKS, pathOf } from '../../../../deploy/local/demo/demo-webhooks.js';
import { sumOfFamily } from '../../../../deploy/local/demo/family-memory.js';
import { percentile } from '../../../../deploy/local/demo/percentile.js';
import { EVENT_TYPES } from '../../../../services/shared/core/vocabulary.js';

describe('the command line of the demo', () => {
  test('goes on until Ctrl-C unless it is told otherwise', () => {
    expect(readDemoArguments([])).toEqual({ once: false, rate: 50, events: Number.MAX_SAFE_INTEGER, seed: 1 });
  });

  test('with --once has an end', () => {
    expect(readDemoArguments(['--once'])).toEqual({ once: true, rate: 200, events: 2_000, seed: 1 });
  });

  test('takes rate, events and seed', () => {
    const args = ['--once', '--rate', '10', '--events', '30', '--seed', '7'];
    expect(readDemoArguments(args)).toEqual({ once: true, rate: 10, events: 30, seed: 7 });
  });

  test.each([
    [['--rate', 'fast'], '--rate "fast": a whole number'],
    [['--events', '0'], '--events "0": a whole number of at least 1'],
    [['--twice'], "Unknown option '--twice'"],
  ])('%j is refused with a sentence', (args, sentence) => {
    expect(() => readDemoArguments(args)).toThrow(sentence);
  });
});

describe('the webhooks of the demo', () => {
  test('have all kinds of authentication, all behaviours, additional headers, and a disabled one among them', () => {
    const kinds = DEMO_WEBHOOKS.map(({ authentication: auth }) =>
      auth.kind === 'api-key' ? auth.placement : auth.kind,
    );
    expect(new Set(kinds)).toEqual(new Set(['none', 'basic', 'header', 'query']));
    expect(new Set(DEMO_WEBHOOKS.map(({ behaviour }) => behaviour)).size).toBe(4);
    expect(DEMO_WEBHOOKS.some(({ headers }) => headers.length > 0)).toBe(true);
    expect(DEMO_WEBHOOKS.filter(({ active }) => !active)).toHaveLength(1);
  });

  test('have a path each and belong to the companies of the demo', () => {
    expect(new Set(DEMO_WEBHOOKS.map(pathOf)).size).toBe(DEMO_WEBHOOKS.length);
    expect(new Set(DEMO_WEBHOOKS.map(({ companyId }) => companyId))).toEqual(new Set(DEMO_COMPANIES));
  });

  test('leave no type of event without a healthy endpoint', () => {
    const healthy = DEMO_WEBHOOKS.filter(({ behaviour, active }) => active && behaviour === 'healthy');
    expect(new Set(healthy.flatMap(({ events }) => events))).toEqual(new Set(EVENT_TYPES));
  });
});

describe('the environment of the services', () => {
  const stack = { kafkaBrokers: 'k:1', mongodbUri: 'mongodb://m', schemaRegistryUrl: 'http://r' };
  const options = { stack, caFile: '/ca.pem', encryptionKeys: 'k1:x', adminPort: 8_080, scope: undefined };

  test('has the addresses of the stack and trusts the receiver, over what was given', () => {
    expect(demoEnvironment({ PATH: '/bin', KAFKA_BROKERS: '', LOG_LEVEL: 'debug' }, options)).toEqual({
      PATH: '/bin',
      LOG_LEVEL: 'debug',
      KAFKA_BROKERS: 'k:1',
      MONGODB_URI: 'mongodb://m',
      SCHEMA_REGISTRY_URL: 'http://r',
      ENCRYPTION_KEYS: 'k1:x',
      ADMIN_HOST: '127.0.0.1',
      ADMIN_PORT: '8080',
      ADMIN_AUTHENTICATION: 'local',
      DELIVERY_ALLOWED_NETWORKS: '127.0.0.0/8',
      NODE_EXTRA_CA_CERTS: '/ca.pem',
    });
  });

  test('has topics and a database of its own where the run is to leave nothing', () => {
    const env = demoEnvironment({ KAFKA_PREFIX: 'theirs.' }, { ...options, scope: 'demo_1' });
    expect(env).toMatchObject({ KAFKA_PREFIX: 'demo_1.', MONGODB_DATABASE: 'demo_1' });
  });
});

test('memory is that of a process and of all its descendants, in whatever order they are listed', () => {
  const table = [
    '    1     0  5000',
    '   30    20   400',
    '   20    10   300',
    '   10     1   200',
    '   40     1  9000',
  ];
  expect(sumOfFamily(`${table.join('\n')}\n`, 10)).toBe(900);
});

test.each([
  [[], 0.5, null],
  [[7], 0.99, 7],
  [[3, 1, 2, 4], 0.5, 2],
  [Array.from({ length: 100 }, (_, index) => 100 - index), 0.99, 99],
])('the percentile of %j at %d is %p', (values, share, expected) => {
  expect(percentile(values, share)).toBe(expected);
});
