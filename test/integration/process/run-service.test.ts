import { afterEach, describe, expect, test } from '@jest/globals';
import { TinyProcess } from './tiny-process.js';

const running: TinyProcess[] = [];

function run(scenario: string, env: Record<string, string> = {}): TinyProcess {
  const tiny = new TinyProcess(scenario, env);
  running.push(tiny);
  return tiny;
}

async function statusOf(tiny: TinyProcess, path: string): Promise<number> {
  const { port } = await tiny.logged('ops.listening');
  return (await fetch(`http://127.0.0.1:${String(port)}${path}`)).status;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((tiny) => tiny.end()));
});

describe('an orderly end', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'on %s the steps run in reverse, and the exit code is 0',
    async (signal) => {
      const tiny = run('steady');
      await tiny.logged('service.started');
      tiny.signal(signal);
      expect(await tiny.exited).toBe(0);
      const closed = tiny.lines.filter(({ event }) => event === 'tiny.closed').map(({ name }) => name);
      expect(closed).toEqual(['consumer', 'producer', 'mongodb']);
      expect(tiny.events().at(-1)).toBe('service.stopped');
    },
  );

  test('while it lasts the process is live but not ready', async () => {
    const tiny = run('slow-step');
    await tiny.logged('service.started');
    expect([await statusOf(tiny, '/livez'), await statusOf(tiny, '/readyz')]).toEqual([200, 200]);
    tiny.signal('SIGTERM');
    await tiny.logged('service.stopping');
    expect([await statusOf(tiny, '/livez'), await statusOf(tiny, '/readyz')]).toEqual([200, 503]);
    expect(await tiny.exited).toBe(0);
  });

  test('a step that hangs is named when the time is over, and the exit code is 1', async () => {
    const tiny = run('stuck-step', {
      SHUTDOWN_TIMEOUT_MS: '300',
      DELIVERY_TIMEOUT_MS: '200',
      DELIVERY_CONNECT_TIMEOUT_MS: '200',
    });
    await tiny.logged('service.started');
    tiny.signal('SIGTERM');
    expect(await tiny.exited).toBe(1);
    expect(tiny.lines.at(-1)).toMatchObject({ event: 'shutdown.stuck', step: 'consumer' });
  });

  test('a step that fails is told, and the exit code is 1', async () => {
    const tiny = run('failing-step');
    await tiny.logged('service.started');
    tiny.signal('SIGTERM');
    expect(await tiny.exited).toBe(1);
    expect(tiny.lines.at(-1)).toMatchObject({ event: 'shutdown.unclean', failed: ['consumer'] });
  });

  test('a second signal ends it at once with 130', async () => {
    const tiny = run('stuck-step');
    await tiny.logged('service.started');
    tiny.signal('SIGINT');
    await tiny.logged('service.stopping');
    tiny.signal('SIGINT');
    expect(await tiny.exited).toBe(130);
    expect(tiny.events().at(-1)).toBe('shutdown.forced');
  });

  test('a signal while it waits for a dependency ends it with 0, and closes what was opened', async () => {
    const tiny = run('waits-for-kafka');
    expect(await tiny.logged('dependency.away')).toMatchObject({ dependency: 'kafka', reason: 'refused' });
    expect([await statusOf(tiny, '/livez'), await statusOf(tiny, '/readyz')]).toEqual([200, 503]);
    tiny.signal('SIGTERM');
    expect(await tiny.exited).toBe(0);
    expect(tiny.events()).toContain('tiny.closed');
    expect(tiny.events()).not.toContain('service.start-failed');
  });
});

describe('a start that fails', () => {
  test('all faults of the settings stand on stderr, without secrets, and the exit code is 78', async () => {
    const tiny = run('steady', { OPS_PORT: 'abc', KAFKA_SSL: 'maybe', KAFKA_SASL_PASSWORD: 'canary' });
    expect(await tiny.exited).toBe(78);
    expect(tiny.lines).toEqual([]);
    expect(tiny.stderr.split('\n')).toEqual([
      "The process can't start: 3 settings are wrong.",
      '  kafka.ssl (KAFKA_SSL): is "maybe", expected true or false',
      '  ops.port (OPS_PORT): is "abc", expected a whole number from 0 to 65535',
      '  kafka.saslPassword (KAFKA_SASL_PASSWORD): is *** (not shown), expected nothing while KAFKA_SASL_MECHANISM is none',
      '',
    ]);
  });

  test('servers that are not prepared are one sentence, what was opened is closed, and the exit code is 78', async () => {
    const tiny = run('not-prepared');
    expect(await tiny.exited).toBe(78);
    const failed = await tiny.logged('service.start-failed');
    expect(failed['reason']).toBe('the topics are missing: run npm run migrate');
    expect(failed['err']).toBeUndefined();
    expect(tiny.events()).toContain('tiny.closed');
  });

  test('a dependency that stays away is one sentence in the end, and the exit code is 1', async () => {
    const tiny = run('waits-for-kafka', { DEPENDENCY_GIVE_UP_MS: '400' });
    expect(await tiny.exited).toBe(1);
    const failed = await tiny.logged('service.start-failed');
    expect(failed['reason']).toMatch(/^kafka: not reachable within 0\.4 s \(\d tries\): refused$/);
    expect(failed['err']).toBeUndefined();
  });

  test('a bug is told with its stack, and the exit code is 1', async () => {
    const tiny = run('bug-in-start');
    expect(await tiny.exited).toBe(1);
    const failed = await tiny.logged('service.start-failed');
    expect((failed['err'] as { stack: string }).stack).toContain('tiny-service');
  });

  test('a port that is taken is told, and the exit code is 1', async () => {
    const first = run('steady');
    const { port } = await first.logged('ops.listening');
    const second = run('steady', { OPS_PORT: String(port) });
    expect(await second.exited).toBe(1);
    const failed = await second.logged('service.start-failed');
    expect(failed['reason']).toContain(`address already in use 127.0.0.1:${String(port)}`);
  });
});

describe('an abrupt end, exit code 1, runs nothing more', () => {
  test.each([
    ['fatal', 'service.fatal', 'the consumer crashed'],
    ['throws', 'process.uncaught-exception', 'POST https://hook.example/?apikey=*** failed'],
    ['rejects', 'process.unhandled-rejection', 'forgotten'],
  ])('%s', async (scenario, event, message) => {
    const tiny = run(scenario);
    expect(await tiny.exited).toBe(1);
    expect(tiny.lines.at(-1)).toMatchObject({ event, level: 'error', err: { message } });
    expect((tiny.lines.at(-1)?.['err'] as { stack: string }).stack).toContain('tiny-service');
    expect(tiny.events()).not.toContain('tiny.closed');
    expect(JSON.stringify(tiny.lines) + tiny.stderr).not.toContain('canary');
  });
});

describe('the log of a process', () => {
  test('begins with version, process and settings', async () => {
    const tiny = run('steady', { MONGODB_URI: 'mongodb://app:canary@db:27017/' });
    await tiny.logged('service.started');
    expect(tiny.lines[0]).toMatchObject({
      event: 'service.starting',
      service: 'tiny-service',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      settings: { MONGODB_URI: 'mongodb://db:27017', ENCRYPTION_KIDS: ['k1'], DELIVERY_ATTEMPTS: 3 },
    });
    expect(JSON.stringify(tiny.lines)).not.toContain('canary');
  });

  test('is complete when the process ends, however much of it there is', async () => {
    const tiny = run('chatty');
    expect(await tiny.exited).toBe(0);
    const numbers = tiny.lines.filter(({ event }) => event === 'tiny.line').map(({ i }) => i);
    expect(numbers).toEqual(Array.from({ length: 20_000 }, (_, i) => i));
  });
});
