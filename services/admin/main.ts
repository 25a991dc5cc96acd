import { setFlagsFromString } from 'node:v8';
import { describeConfig, loadConfig } from '../../config/index.js';
import { loadOrExit } from '../shared/platform/process/load-or-exit.js';
import { runService } from '../shared/platform/process/run-service.js';
import { startAdmin } from './service.js';

/** The process that people talk to: the API, and the console that it serves. */

// What an export leaves behind is collected when the heap has grown by a third; by itself V8 lets it become four times as
// large, and the process keeps that memory. A collection takes some 20 ms here, and only long exports make it grow.
setFlagsFromString('--heap-growing-percent=30');

const config = loadOrExit(() => loadConfig());

await runService({
  service: 'admin',
  settings: config,
  summary: describeConfig(config),
  start: (context) => startAdmin(context, config),
});
