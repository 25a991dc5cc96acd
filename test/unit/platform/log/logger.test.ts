import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { createLogger, type Log, type LogLevel } from '../../../../services/shared/platform/log/logger.js';

type Line = Record<string, unknown>;

function logTo(lines: string[], level: LogLevel = 'debug'): Log {
  return createLogger({
    service: 'tester',
    level,
    sink: { write: (line) => lines.push(line), flush: () => undefined },
  });
}

/** The one line that `write` logs, as text and parsed. */
function lineOf(fields: Record<string, unknown>): { text: string; line: Line } {
  const lines: string[] = [];
  logTo(lines).info('tested', fields);
  expect(lines).toHaveLength(1);
  const [text = ''] = lines;
  return { text, line: JSON.parse(text) as Line };
}

describe('the time of a line', () => {
  afterEach(() => void jest.useRealTimers());

  test('is that of its millisecond', () => {
    const lines: string[] = [];
    const log = logTo(lines);
    const instants = ['2026-01-31T23:59:59.007Z', '2026-01-31T23:59:59.999Z', '2026-02-01T00:00:00.000Z'];
    for (const instant of [...instants, instants[0]!]) {
      jest.useFakeTimers({ now: Date.parse(instant), doNotFake: ['nextTick', 'setImmediate'] });
      log.info('tested');
    }
    expect(lines.map((line) => (JSON.parse(line) as Line)['timestamp'])).toEqual([...instants, instants[0]]);
  });
});

describe('a line', () => {
  test('is one JSON object that begins with timestamp, level, service and event', () => {
    const { text, line } = lineOf({ attempt: 1, url: 'https://example.com/hook' });
    expect(Object.keys(line)).toEqual(['timestamp', 'level', 'service', 'event', 'attempt', 'url']);
    expect(line).toMatchObject({ level: 'info', service: 'tester', event: 'tested', attempt: 1 });
    expect(line['timestamp']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(text.indexOf('\n')).toBe(text.length - 1);
  });

  test.each<[LogLevel, readonly LogLevel[]]>([
    ['error', ['error']],
    ['warn', ['error', 'warn']],
    ['info', ['error', 'warn', 'info']],
    ['debug', ['error', 'warn', 'info', 'debug']],
  ])('at level %s, %j are logged', (level, logged) => {
    const lines: string[] = [];
    const log = logTo(lines, level);
    log.error('e');
    log.warn('e');
    log.info('e');
    log.debug('e');
    expect(lines.map((line) => (JSON.parse(line) as Line)['level'])).toEqual(logged);
  });

  test('of a child bears the fields of its parents', () => {
    const lines: string[] = [];
    logTo(lines).child({ lane: 'dispatch', partition: 1 }).child({ partition: 2 }).info('e', { attempt: 3 });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ lane: 'dispatch', partition: 2, attempt: 3 });
  });

  test('keeps its own four names: a field that bears one gets an underscore', () => {
    expect(lineOf({ event: 'x', level: 'y', service: 'z', timestamp: 0 }).line).toMatchObject({
      event: 'tested',
      _event: 'x',
      _level: 'y',
      _service: 'z',
      _timestamp: 0,
    });
  });

  test.each<[string, unknown, unknown]>([
    ['a bigint', 12n, '12'],
    ['not a number', NaN, 'NaN'],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['a set', new Set(['a', 'b']), ['a', 'b']],
    ['bytes', Buffer.from('canary'), '[6 bytes]'],
    ['bytes in a list', [new Uint8Array(3)], ['[3 bytes]']],
    [
      'a client',
      new (class Client {
        options = { password: 'canary' };
      })(),
      '[Client]',
    ],
    ['a map', new Map([['a', 'canary']]), '[Map]'],
    ['a function', () => 'canary', undefined],
    ['null', null, null],
    [
      'an object with its own JSON',
      {
        toJSON: () => 'x',
        at: new (class Id {
          toJSON = () => 'id';
        })(),
      },
      { at: 'id' },
    ],
  ])('shows %s', (_what, value, shown) => {
    expect(lineOf({ value }).line['value']).toEqual(shown);
  });

  test('comes out whatever the fields are', () => {
    const circle: Line = {};
    circle['self'] = circle;
    expect(lineOf({ circle }).line['circle']).toBeDefined();
    const wide = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`k${i}`, Array(100).fill(i)]));
    expect(lineOf({ wide }).text.length).toBeLessThan(20_000);
    expect(lineOf({ long: 'x'.repeat(100_000) }).text.length).toBeLessThan(3_000);
    const trap = {
      get value(): string {
        throw new Error('trap');
      },
    };
    expect(lineOf(trap).line).toMatchObject({ event: 'tested', fault: 'its fields could not be rendered' });
  });
});

/** An error such as HTTP clients throw: the whole request hangs on it. */
function clientError(): Error {
  const error = new Error('POST https://hook.example/in?apikey=canary failed, authorization: Basic canary==');
  return Object.assign(error, {
    code: 'ECONNRESET',
    options: { headers: { authorization: 'Basic canary', 'x-shop': 'canary' }, json: { phone: 'canary' } },
    request: { url: 'https://user:canary@hook.example/?k=canary' },
    response: { body: 'canary', rawBody: Buffer.from('canary') },
  });
}

describe('no secret gets into a line', () => {
  test.each<[string, Record<string, unknown>]>([
    ['an error of a client as err', { err: clientError() }],
    ['the same under any name, deep inside', { result: { tries: [{ failure: clientError() }] } }],
    ['as a cause', { err: new Error('outer', { cause: clientError() }) }],
    ['among several', { err: new AggregateError([clientError()], 'all failed: https://h/?a=canary') }],
    ['a thrown object', { err: { password: 'canary' } }],
    ['a connection string', { reason: 'cannot connect to mongodb://app:canary@db:27017/?authSource=canary' }],
    ['the URL of a webhook', { url: 'https://hook.example/in?apikey=canary&x=canary' }],
    ['a URL object', { url: new URL('https://u:canary@hook.example/in?canary') }],
    ['a field that tells a secret', { apiKey: 'canary', newPassword: 'canary', auth: { token: ['canary'] } }],
    ['headers, whatever their names', { headers: { 'x-shop': 'canary', 'content-type': 'a/b' } }],
    ['raw headers', { rawHeaders: ['authorization', 'canary'] }],
    ['response headers of a known name', { responseHeaders: { 'set-cookie': ['canary'], date: 'today' } }],
    ['a body', { body: '{"phone":"canary"}', responseBody: 'canary', payload: { a: 'canary' } }],
    ['settings', { KAFKA_SASL_PASSWORD: 'canary', ENCRYPTION_KEYS: 'k1:canary' }],
    ['an authentication', { authentication: { kind: 'basic', username: 'u', password: 'canary' } }],
    ['a header line in a text', { detail: 'sent x-api-key: canary' }],
    ['a name that is itself a URL', { requests: { 'https://h/?a=canary': 1 } }],
  ])('%s', (_what, fields) => {
    expect(lineOf(fields).text).not.toContain('canary');
  });

  test('and what helps stays: name, message, code and stack of an error, origin and path of a URL', () => {
    const { line } = lineOf({ err: clientError(), headers: { 'webhook-id': 'msg_1', 'x-shop': 'canary' } });
    expect(line['err']).toMatchObject({
      name: 'Error',
      code: 'ECONNRESET',
      message: 'POST https://hook.example/in?apikey=*** failed, authorization: ***',
    });
    expect((line['err'] as Line)['stack']).toContain('logger.test');
    expect(Object.keys(line['err'] as Line).sort()).toEqual(['code', 'message', 'name', 'stack']);
    expect(line['headers']).toEqual({ 'webhook-id': 'msg_1', 'x-shop': '***' });
  });

  test('a number or a flag under such a name stays, since it is none', () => {
    expect(lineOf({ tokens: 3, passwordSet: true }).line).toMatchObject({ tokens: 3, passwordSet: true });
  });
});
