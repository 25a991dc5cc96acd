import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderEnvExample } from '../../../config/env-example.js';
import { loadConfig } from '../../../config/index.js';
import { schema } from '../../../config/schema.js';
import { projectRoot } from '../../../services/shared/platform/process/project-root.js';

const committed = readFileSync(join(projectRoot(), 'deploy', 'env.example'), 'utf8');

test('deploy/env.example is what the table of settings says: npm run env-example writes it anew', () => {
  expect(committed).toBe(renderEnvExample());
});

test('with its comment marks taken away and a key added, it loads, and changes no default', () => {
  const lines = committed.split('\n').filter((line) => /^#?[A-Z_]+=/.test(line));
  const env = Object.fromEntries(
    lines.map((line) => [line.replace(/^#|=.*$/gs, ''), line.slice(line.indexOf('=') + 1)] as const),
  );
  const key = { ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}` };
  expect(JSON.stringify(loadConfig({ ...env, ...key }))).toBe(JSON.stringify(loadConfig(key)));
});

test('every setting has a variable of its own and a meaning', () => {
  const settings = Object.values(schema).flatMap((group) => Object.values(group) as { env: string; doc: string }[]);
  expect(new Set(settings.map(({ env }) => env)).size).toBe(settings.length);
  for (const { env, doc } of settings) {
    expect(env).toMatch(/^[A-Z][A-Z0-9_]+$/);
    expect(doc).toMatch(/^[A-Z].*\S$/);
  }
});
