import { parseArgs } from 'node:util';
import { describeConfig, loadConfig } from '../../config/index.js';
import { ConfigError } from '../shared/core/errors.js';
import { loadOrExit } from '../shared/platform/process/load-or-exit.js';
import { runService } from '../shared/platform/process/run-service.js';
import { serviceOf, startDelivery } from './service.js';

/**
 * The process that posts jobs to endpoints, and writes down what became of them. `--lane overflow` serves the webhooks
 * that are too slow for the dispatch topic: a process and a group of its own.
 */
const { config, lane } = loadOrExit(() => ({ config: loadConfig(), lane: laneOf(process.argv.slice(2)) }));

await runService({
  service: serviceOf(lane),
  settings: config,
  summary: describeConfig(config),
  start: (context) => startDelivery(context, config, lane),
});

function laneOf(args: readonly string[]): 'dispatch' | 'overflow' {
  const { values } = parseArgs({
    args: [...args],
    options: { lane: { type: 'string', default: 'dispatch' } },
    strict: false,
  });
  if (values.lane === 'dispatch' || values.lane === 'overflow') return values.lane;
  throw new ConfigError([`--lane is ${String(values.lane)}, expected dispatch or overflow`]);
}
