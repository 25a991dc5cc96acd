import { describeConfig, loadConfig } from '../../config/index.js';
import { loadOrExit } from '../shared/platform/process/load-or-exit.js';
import { runService } from '../shared/platform/process/run-service.js';
import { startDelivery } from './service.js';

/** The process that posts jobs to endpoints, and writes down what became of them. */
const config = loadOrExit(() => loadConfig());

await runService({
  service: 'delivery-consumer',
  settings: config,
  summary: describeConfig(config),
  start: (context) => startDelivery(context, config),
});
