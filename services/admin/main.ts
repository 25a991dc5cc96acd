import { describeConfig, loadConfig } from '../../config/index.js';
import { loadOrExit } from '../shared/platform/process/load-or-exit.js';
import { runService } from '../shared/platform/process/run-service.js';
import { startAdmin } from './service.js';

/** The process that people talk to: the API, and the console that it serves. */
const config = loadOrExit(() => loadConfig());

await runService({
  service: 'admin',
  settings: config,
  summary: describeConfig(config),
  start: (context) => startAdmin(context, config),
});
