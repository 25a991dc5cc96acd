import { describe, expect, test } from '@jest/globals';
import { ConfigError, DependencyError, InvariantError } from '../../../../services/shared/core/errors.js';
import { createLogger } from '../../../../services/shared/platform/log/logger.js';
import { untilReachable } from '../../../../services/shared/platform/process/until-reachable.js';

type Line = Record<string, unknown>;

function setUp(giveUpMs: number) {
  const lines: Line[] = [];
  const controller = new AbortController();
  const write = (line: string): void => void lines.push(JSON.parse(line) as Line);
  const log = createLogger({ service: 't', level: 'debug', sink: { write, flush: () => undefined } });
  return { lines, controller, options: { log, giveUpMs, signal: controller.signal, random: () => 0.999 } };
}

describe('a process waits for its dependencies', () => {
  test('each failed try is one line with its reason and the pause that follows', async () => {
    const { lines, options } = setUp(60_000);
    let tries = 0;
    const connect = (): Promise<string> =>
      ++tries < 3
        ? Promise.reject(new DependencyError('mongodb', 'refused by mongodb://u:canary@h/'))
        : Promise.resolve('connected');
    await expect(untilReachable('mongodb', connect, options)).resolves.toBe('connected');
    expect(lines.map(({ event, level, tries, pauseMs }) => [event, level, tries, pauseMs])).toEqual([
      ['dependency.away', 'warn', 1, 175],
      ['dependency.away', 'warn', 2, 350],
      ['dependency.reached', 'info', 3, undefined],
    ]);
    expect(lines[0]).toMatchObject({ dependency: 'mongodb', reason: 'refused by mongodb://***@h/' });
  });

  test('what is there at once costs no line', async () => {
    const { lines, options } = setUp(60_000);
    await untilReachable('kafka', () => Promise.resolve(), options);
    expect(lines).toEqual([]);
  });

  test('it gives up after its time, with the last reason', async () => {
    const { options } = setUp(100);
    const refused = new DependencyError('kafka', 'connect ECONNREFUSED 127.0.0.1:9092');
    const trying = untilReachable('kafka', () => Promise.reject(refused), options);
    await expect(trying).rejects.toThrow(DependencyError);
    await expect(trying).rejects.toThrow(
      'kafka: not reachable within 0.1 s (2 tries): connect ECONNREFUSED 127.0.0.1:9092',
    );
  });

  test('it gives up on a try that never answers', async () => {
    const { options } = setUp(50);
    await expect(untilReachable('kafka', () => new Promise(() => undefined), options)).rejects.toThrow(
      'kafka: not reachable within 0.05 s (1 try): no answer',
    );
  });

  test('a request to end ends the waiting at once, in a pause and in a try', async () => {
    for (const connect of [
      () => Promise.reject(new DependencyError('kafka', 'away')),
      () => new Promise(() => undefined),
    ]) {
      const { controller, options } = setUp(60_000);
      const trying = untilReachable('kafka', connect, options);
      setTimeout(() => controller.abort(new Error('ending')), 20);
      await expect(trying).rejects.toThrow('ending');
    }
  });

  test.each([
    ['a bug of ours', new InvariantError('bug')],
    ['an unprepared server', new ConfigError(['run the migration'])],
  ])('%s is not waited for', async (_what, error) => {
    const { lines, options } = setUp(60_000);
    await expect(untilReachable('kafka', () => Promise.reject(error), options)).rejects.toBe(error);
    expect(lines).toEqual([]);
  });
});
