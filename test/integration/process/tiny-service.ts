import { loadConfig, describeConfig } from '../../../config/index.js';
import { ConfigError, DependencyError, InvariantError } from '../../../services/shared/core/errors.js';
import { loadOrExit } from '../../../services/shared/platform/process/load-or-exit.js';
import { runService, type ServiceContext } from '../../../services/shared/platform/process/run-service.js';

/** A service that does nothing but live and die in the way that its first argument names. */
const SCENARIOS: Readonly<Record<string, (context: ServiceContext) => void | Promise<void>>> = {
  steady: (context) => {
    for (const name of ['mongodb', 'producer', 'consumer'])
      context.onShutdown(name, async () => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        context.log.info('tiny.closed', { name });
      });
    context.health.add({ name: 'mongodb', kind: 'dependency', check: () => ({ ok: true }) });
  },
  'slow-step': (context) => context.onShutdown('consumer', () => new Promise((resolve) => setTimeout(resolve, 1_000))),
  'stuck-step': (context) => context.onShutdown('consumer', () => new Promise(() => undefined)),
  'failing-step': (context) => context.onShutdown('consumer', () => Promise.reject(new Error('no commit'))),
  'waits-for-kafka': async (context) => {
    context.onShutdown('mongodb', () => context.log.info('tiny.closed', { name: 'mongodb' }));
    await context.untilReachable('kafka', () => Promise.reject(new DependencyError('kafka', 'refused')));
  },
  'not-prepared': (context) => {
    context.onShutdown('mongodb', () => context.log.info('tiny.closed', { name: 'mongodb' }));
    throw new ConfigError(['the topics are missing: run npm run migrate']);
  },
  'bug-in-start': () => {
    throw new InvariantError('bug');
  },
  fatal: (context) => {
    context.onShutdown('consumer', () => context.log.info('tiny.closed', { name: 'consumer' }));
    setTimeout(() => context.fatal(new Error('the consumer crashed')), 20);
  },
  throws: () => {
    setTimeout(() => {
      throw new Error('POST https://hook.example/?apikey=canary failed');
    }, 20);
  },
  rejects: () => {
    setTimeout(() => void Promise.reject(new Error('forgotten')), 20);
  },
  chatty: (context) => {
    for (let i = 0; i < 20_000; i++) context.log.info('tiny.line', { i });
    process.exit(0);
  },
};

const config = loadOrExit(loadConfig);
await runService({
  service: 'tiny-service',
  settings: config,
  summary: describeConfig(config),
  start: async (context) => SCENARIOS[process.argv[2] ?? '']?.(context),
});
