import { describe, expect, test } from '@jest/globals';
import { inspect } from 'node:util';
import { ConfigError } from '../../../config/config-error.js';
import { describeConfig, loadConfig } from '../../../config/index.js';

const KEY = Buffer.alloc(32, 7).toString('base64');
const OTHER_KEY = Buffer.alloc(32, 8).toString('base64');
const MINIMUM = { ENCRYPTION_KEYS: `k1:${KEY}` };

/** The faults of an environment that is otherwise complete. */
function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig({ ...MINIMUM, ...env });
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('what loads', () => {
  test('the encryption keys are the only setting without a default', () => {
    const config = loadConfig(MINIMUM);
    expect(config.kafka.brokers).toEqual(['localhost:9092']);
    expect(config.delivery).toMatchObject({ timeoutMs: 10_000, attempts: 3, retryDelayMs: 3_000, allowedNetworks: [] });
    expect(config.status).toEqual({
      failureThreshold: 3,
      failureWindowMs: 86_400_000,
      counts: 'attempts',
      firstProbeMs: 3_000,
      maxProbeMs: 900_000,
    });
    expect(config.topics).toEqual({
      callEvents: 'calls.events',
      whatsappEvents: 'whatsapp.events',
      dispatch: 'webhooks.dispatch',
      overflow: 'webhooks.overflow',
      retry: 'webhooks.retry-3s',
      longRetry: 'webhooks.retry-60s',
      deadLetter: 'webhooks.dead-letter',
    });
  });

  test('lists, numbers, flags and choices are read from text, with spaces around them ignored', () => {
    const config = loadConfig({
      ...MINIMUM,
      KAFKA_BROKERS: ' a:9092, [::1]:9093 ,b.example:1',
      KAFKA_SSL: 'true',
      DELIVERY_TIMEOUT_MS: ' 5000 ',
      DELIVERY_ALLOWED_NETWORKS: '127.0.0.0/8,::1/128',
      STATUS_COUNTS: 'exhausted-events',
    });
    expect(config.kafka.brokers).toEqual(['a:9092', '[::1]:9093', 'b.example:1']);
    expect(config.kafka.ssl).toBe(true);
    expect(config.delivery.timeoutMs).toBe(5_000);
    expect(config.delivery.allowedNetworks).toEqual(['127.0.0.0/8', '::1/128']);
    expect(config.status.counts).toBe('exhausted-events');
  });

  test('a variable that is set to nothing counts as not set', () => {
    expect(loadConfig({ ...MINIMUM, KAFKA_BROKERS: '', DELIVERY_TIMEOUT_MS: ' ' }).delivery.timeoutMs).toBe(10_000);
  });

  test('the prefix stands before the name of every topic', () => {
    const { topics } = loadConfig({ ...MINIMUM, KAFKA_PREFIX: 'stage-', TOPIC_DISPATCH: 'jobs' });
    expect(topics).toMatchObject({ dispatch: 'stage-jobs', callEvents: 'stage-calls.events' });
    expect(Object.values(topics).every((name) => name.startsWith('stage-'))).toBe(true);
  });

  test('the first encryption key is the current one', () => {
    const { keys } = loadConfig({ ENCRYPTION_KEYS: `k2:${OTHER_KEY}, k1:${KEY}` }).encryption;
    expect(keys.map(({ kid, key }) => [kid, key.export().toString('base64')])).toEqual([
      ['k2', OTHER_KEY],
      ['k1', KEY],
    ]);
  });

  test('nothing can change the settings afterwards', () => {
    const config = loadConfig(MINIMUM);
    for (const part of [
      config,
      config.delivery,
      config.kafka.brokers,
      config.encryption.keys,
      config.encryption.keys[0],
    ])
      expect(Object.isFrozen(part)).toBe(true);
  });
});

describe('what is refused, alone', () => {
  test.each([
    [
      'DELIVERY_TIMEOUT_MS',
      'abc',
      'delivery.timeoutMs (DELIVERY_TIMEOUT_MS): is "abc", expected a whole number from 100 to 120000 (milliseconds)',
    ],
    ['DELIVERY_TIMEOUT_MS', '12abc', 'is "12abc"'],
    ['DELIVERY_TIMEOUT_MS', '1e4', 'is "1e4"'],
    ['DELIVERY_TIMEOUT_MS', '10.5', 'is "10.5"'],
    ['DELIVERY_TIMEOUT_MS', '-1', 'is -1, expected'],
    ['DELIVERY_TIMEOUT_MS', '99999999999999999999', 'is "99999999999999999999"'],
    ['DELIVERY_MAX_IN_FLIGHT', '0', 'is 0, expected a whole number from 1'],
    ['DELIVERY_ATTEMPTS', '0', 'is 0'],
    ['OPS_PORT', '65536', 'from 0 to 65535'],
    ['KAFKA_SSL', 'yes', 'is "yes", expected true or false'],
    ['KAFKA_SSL', '__proto__', 'expected true or false'],
    ['KAFKA_SASL_MECHANISM', 'PLAIN', 'expected one of none, plain, scram-sha-256, scram-sha-512'],
    ['LOG_LEVEL', 'trace', 'expected one of error, warn, info, debug'],
    ['KAFKA_BROKERS', 'a:9092,b', 'is "a:9092,b", expected host:port, separated by commas; entry 2 is not host:port'],
    ['KAFKA_BROKERS', 'a:0', 'entry 1 is not host:port'],
    ['KAFKA_BROKERS', 'a:9092,', 'entry 2 is not host:port'],
    ['KAFKA_PREFIX', 'a b', 'kafka.prefix'],
    ['TOPIC_DISPATCH', 'a/b', 'topics.dispatch'],
    ['TOPIC_DISPATCH', '..', 'topics.dispatch'],
    ['MONGODB_DATABASE', 'a.b', 'mongodb.database'],
    ['MONGODB_URI', 'http://localhost', 'mongodb.uri (MONGODB_URI): is *** (not shown), expected mongodb://'],
    ['MONGODB_URI', 'mongodb://u:p/w@h/', 'mongodb.uri'],
    ['SCHEMA_REGISTRY_URL', 'localhost:8081', 'schemaRegistry.url'],
    ['SCHEMA_REGISTRY_URL', 'ftp://localhost', 'schemaRegistry.url'],
    ['OPS_HOST', 'a b', 'expected an IP address or a host name'],
    ['DELIVERY_ALLOWED_NETWORKS', '127.0.0.1', 'entry 1 is not a network'],
    ['DELIVERY_ALLOWED_NETWORKS', '10.0.0.0/8,10.0.0.0/33', 'entry 2 is not a network'],
    ['DELIVERY_ALLOWED_NETWORKS', '0.0.0.0/0', 'entry 1 is not a network of at least 1 bit'],
    ['DELIVERY_ALLOWED_NETWORKS', '::/0', 'entry 1 is not a network of at least 1 bit'],
    ['ENCRYPTION_KEYS', KEY, 'entry 1 is not kid:key'],
    ['ENCRYPTION_KEYS', `k1:${KEY},`, 'entry 2 is not kid:key'],
    ['ENCRYPTION_KEYS', 'k1:secret password', 'the key of entry 1 is not base64'],
    ['ENCRYPTION_KEYS', `k1:${Buffer.alloc(31).toString('base64')}`, 'the key of entry 1 has 31 bytes instead of 32'],
    ['ENCRYPTION_KEYS', `k1:${KEY},k1:${OTHER_KEY}`, 'entry 2 has the kid of an earlier entry'],
    ['ENCRYPTION_KEYS', `k1:${KEY},k2:${KEY}`, 'entry 2 has the key of an earlier entry'],
  ])('%s=%s', (name, value, told) => {
    const faults = faultsOf({ [name]: value });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(told);
    expect(faults[0]).toContain(`(${name})`);
  });

  test('missing encryption keys', () => {
    expect(() => loadConfig({})).toThrow(
      'encryption.keys (ENCRYPTION_KEYS): is not set, expected kid:base64-of-32-bytes, separated by commas',
    );
  });
});

describe('what is refused together with others', () => {
  test.each([
    [
      { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_PASSWORD: 'p' },
      'KAFKA_SASL_USERNAME',
      'is not set, expected a value',
    ],
    [
      { KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'u' },
      'KAFKA_SASL_PASSWORD',
      'is not set, expected a value',
    ],
    [{ KAFKA_SASL_USERNAME: 'u' }, 'KAFKA_SASL_USERNAME', 'nothing while KAFKA_SASL_MECHANISM is none'],
    [
      { KAFKA_HEARTBEAT_INTERVAL_MS: '10001' },
      'KAFKA_HEARTBEAT_INTERVAL_MS',
      'at most a third of KAFKA_SESSION_TIMEOUT_MS, which is 30000',
    ],
    [{ TOPIC_OVERFLOW: 'webhooks.dispatch' }, 'TOPIC_OVERFLOW', 'another topic has the same'],
    [{ KAFKA_PREFIX: 'p'.repeat(60), TOPIC_RETRY: 't'.repeat(190) }, 'TOPIC_RETRY', 'at most 249 characters together'],
    [{ SCHEMA_REGISTRY_USERNAME: 'u' }, 'SCHEMA_REGISTRY_PASSWORD', 'together with SCHEMA_REGISTRY_USERNAME'],
    [
      { DELIVERY_CONNECT_TIMEOUT_MS: '10001' },
      'DELIVERY_CONNECT_TIMEOUT_MS',
      'at most DELIVERY_TIMEOUT_MS, which is 10000',
    ],
    [
      { DELIVERY_MAX_IN_FLIGHT: '31' },
      'DELIVERY_MAX_IN_FLIGHT_PER_WEBHOOK',
      'at most DELIVERY_MAX_IN_FLIGHT, which is 31',
    ],
    [{ DELIVERY_MAX_JOBS: '1023' }, 'DELIVERY_MAX_IN_FLIGHT', 'at most DELIVERY_MAX_JOBS, which is 1023'],
    [{ STATUS_FAILURE_WINDOW_MS: '38999' }, 'STATUS_FAILURE_WINDOW_MS', 'at least 39000'],
    [{ SHUTDOWN_TIMEOUT_MS: '10000' }, 'SHUTDOWN_TIMEOUT_MS', 'more than DELIVERY_TIMEOUT_MS, which is 10000'],
    [{ STUCK_AFTER_MS: '29999' }, 'STUCK_AFTER_MS', 'at least KAFKA_SESSION_TIMEOUT_MS, which is 30000'],
  ])('%j', (env, name, told) => {
    const faults = faultsOf(env);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(`(${name})`);
    expect(faults[0]).toContain(told);
  });

  test('a rule between settings is silent while one of them is wrong by itself', () => {
    expect(faultsOf({ DELIVERY_TIMEOUT_MS: 'abc', DELIVERY_CONNECT_TIMEOUT_MS: '120000' })).toHaveLength(1);
  });

  test('all faults are told at once, in the order of the table', () => {
    const faults = faultsOf({
      LOG_LEVEL: 'loud',
      ENCRYPTION_KEYS: 'nonsense',
      KAFKA_BROKERS: 'x',
      DELIVERY_CONNECT_TIMEOUT_MS: '20000',
      OPS_PORT: 'abc',
    });
    expect(faults.map((line) => /\((\w+)\)/.exec(line)?.[1])).toEqual([
      'KAFKA_BROKERS',
      'ENCRYPTION_KEYS',
      'OPS_PORT',
      'LOG_LEVEL',
      'DELIVERY_CONNECT_TIMEOUT_MS',
    ]);
  });
});

describe('no secret is told', () => {
  const canaries = {
    ENCRYPTION_KEYS: `k1:${Buffer.from('canary'.padEnd(32, 'y')).toString('base64')}`,
    KAFKA_SASL_MECHANISM: 'plain',
    KAFKA_SASL_USERNAME: 'app',
    KAFKA_SASL_PASSWORD: 'canary-password',
    SCHEMA_REGISTRY_USERNAME: 'app',
    SCHEMA_REGISTRY_PASSWORD: 'canary-password',
    MONGODB_URI: 'mongodb://canary-user:canary-password@a:27017,b:27018/db?authSource=canary',
  };
  const told = /canary|Y2FuYXJ5/i;

  test('the summary names hosts and key ids, and masks the rest', () => {
    const summary = describeConfig(loadConfig(canaries));
    expect(JSON.stringify(summary)).not.toMatch(told);
    expect(summary).toMatchObject({
      MONGODB_URI: 'mongodb://a:27017,b:27018',
      ENCRYPTION_KIDS: ['k1'],
      KAFKA_SASL_PASSWORD: '***',
      KAFKA_SASL_USERNAME: 'app',
      DELIVERY_TIMEOUT_MS: 10_000,
    });
  });

  test('neither JSON nor inspect shows an encryption key', () => {
    const { encryption } = loadConfig(canaries);
    expect(JSON.stringify(encryption) + inspect(encryption, { depth: 9, showHidden: true })).not.toMatch(told);
  });

  test('a fault masks sensitive values, and credentials inside an address', () => {
    const faults = faultsOf({
      ENCRYPTION_KEYS: 'canary',
      KAFKA_SASL_PASSWORD: 'canary',
      MONGODB_URI: 'mongo://canary@h',
      SCHEMA_REGISTRY_URL: 'http://canary:canary@registry',
      SCHEMA_REGISTRY_PASSWORD: 'canary\n',
    });
    expect(faults.length).toBeGreaterThanOrEqual(5);
    expect(faults.join('\n')).not.toMatch(told);
  });
});
