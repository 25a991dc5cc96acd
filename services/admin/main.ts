import { describeConfig, loadConfig } from '../../config/index.js';
import { loadOrExit } from '../shared/platform/process/load-or-exit.js';
import { openDependencies } from '../shared/platform/process/open-dependencies.js';
import { runService } from '../shared/platform/process/run-service.js';

/** The admin process. So far it watches the servers and answers on its ops port; the API and the console join it. */
const config = loadOrExit(() => loadConfig());

await runService({
  service: 'admin',
  settings: config,
  summary: describeConfig(config),
  start: async (context) => {
    await openDependencies('admin', context, config);
  },
});
