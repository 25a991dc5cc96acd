import { describeConfig, loadConfig } from '../../config/index.js';
import { loadOrExit } from '../shared/platform/process/load-or-exit.js';
import { runService } from '../shared/platform/process/run-service.js';
import { startRetry } from './service.js';

/** The process that holds failed jobs until their next attempt is due. */
const config = loadOrExit(() => loadConfig());

await runService({
  service: 'retry-consumer',
  settings: config,
  summary: describeConfig(config),
  start: (context) => startRetry(context, config),
});
