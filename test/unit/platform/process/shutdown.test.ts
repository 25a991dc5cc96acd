import { expect, test } from '@jest/globals';
import { createLogger } from '../../../../services/shared/platform/log/logger.js';
import { runShutdown, type ShutdownStep } from '../../../../services/shared/platform/process/shutdown.js';

const log = createLogger({ service: 't', level: 'error', sink: { write: () => undefined, flush: () => undefined } });

function recording(ran: string[], ...names: string[]): ShutdownStep[] {
  return names.map((name) => ({ name, run: () => void ran.push(name) }));
}

test('what was opened last is closed first, and each step is waited for', async () => {
  const ran: string[] = [];
  const steps = recording(ran, 'server', 'mongodb');
  steps.push({
    name: 'consumer',
    run: async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      ran.push('consumer');
    },
  });
  expect(await runShutdown(steps, 5_000, log)).toEqual({ kind: 'clean' });
  expect(ran).toEqual(['consumer', 'mongodb', 'server']);
});

test('a step that fails doesn’t keep the others from running', async () => {
  const ran: string[] = [];
  const steps = recording(ran, 'mongodb');
  steps.push(
    {
      name: 'throws',
      run: () => {
        throw new Error('no');
      },
    },
    { name: 'rejects', run: () => Promise.reject(new Error('no')) },
  );
  expect(await runShutdown(steps, 5_000, log)).toEqual({ kind: 'unclean', failed: ['rejects', 'throws'] });
  expect(ran).toEqual(['mongodb']);
});

test('a step that hangs is named when the time is over, and nothing more is run', async () => {
  const ran: string[] = [];
  const steps = recording(ran, 'mongodb');
  steps.push({ name: 'consumer', run: () => new Promise(() => undefined) });
  expect(await runShutdown(steps, 30, log)).toEqual({ kind: 'stuck', step: 'consumer' });
  expect(ran).toEqual([]);
});

test('a step that is registered meanwhile is run, too', async () => {
  const ran: string[] = [];
  const steps = recording(ran, 'mongodb');
  steps.push({ name: 'start', run: () => void steps.push(...recording(ran, 'late')) });
  await runShutdown(steps, 5_000, log);
  expect(ran).toEqual(['late', 'mongodb']);
});
