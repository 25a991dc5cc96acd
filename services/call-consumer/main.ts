import { describeConfig, loadConfig } from '../../config/index.js';
import { startFanOut } from '../shared/fan-out/service.js';
import { loadOrExit } from '../shared/platform/process/load-or-exit.js';
import { runService } from '../shared/platform/process/run-service.js';
import { normalize } from './normalize.js';

/** The process that turns call events into jobs: one group, one topic in, webhooks.dispatch out. */
const config = loadOrExit(() => loadConfig());

await runService({
  service: 'call-consumer',
  settings: config,
  summary: describeConfig(config),
  start: (context) =>
    startFanOut(context, config, {
      service: 'call-consumer',
      topic: config.topics.callEvents,
      record: 'call-event',
      normalize,
    }),
});
