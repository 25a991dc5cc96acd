import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mongodbOptions } from '../../../../deploy/local/mongodb-options.js';
import { projectRoot } from '../../../../services/shared/platform/process/project-root.js';

test.each([
  ['the local stack', mongodbOptions.join(' ')],
  ['docker-compose.kafka.yml', readFileSync(join(projectRoot(), 'docker-compose.kafka.yml'), 'utf8')],
])('a client that dies within a transaction blocks the writers of %s for 20 s, not for 60', (_, options) => {
  expect(options).toMatch(/--setParameter transactionLifetimeLimitSeconds=20\b/);
});
