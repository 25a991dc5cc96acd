import { loadConfig } from '../../../config/index.js';
import { migrateAll } from './migrate-all.js';
import { loadOrExit } from '../../shared/platform/process/load-or-exit.js';
import { reasonOf } from '../../shared/platform/process/reason-of.js';

/** `npm run migrate`: prepares MongoDB, the topics and the schemas; doing it again changes nothing. */
const config = loadOrExit(() => loadConfig());

try {
  await migrateAll(config, (line) => console.log(line));
} catch (error) {
  console.error(`The migration did not succeed: ${reasonOf(error)}`);
  process.exitCode = 1;
}
