import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { createApi } from '../../../services/admin/api/server.js';
import { ask } from '../../support/api.js';

/** How the console's files are served: what may be cached, what may run, and that the API is not touched by it. */
const PAGE = '<!doctype html><head><meta name="csp-nonce" content="" /></head><body>the panel</body>';
let folder: string;
let app: FastifyInstance;
let url: string;

const start = (consoleFolder: string): Promise<FastifyInstance> =>
  createApi({
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    version: '0.0.0',
    identify: () => Promise.resolve({ kind: 'nobody' }),
    routes: [],
    rates: { requestsPerMinute: 1_000_000 },
    trustedProxies: [],
    consoleFolder,
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webhook-v2-console-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), PAGE);
  await writeFile(join(folder, 'assets', 'index-a1b2c3.js'), 'export {};');
  await writeFile(join(folder, 'secret.txt'), 'not an asset');
  app = await start(folder);
  await app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the page', () => {
  test.each([
    '/',
    '/admin',
    '/admin/apis-webhooks/webhooks/v2',
    '/admin/apis-webhooks/webhooks/v2/wh_1/failures/att_1',
  ])('stands at %s, and is never cached', async (path) => {
    const { status, headers, text } = await ask(url + path, 'GET');
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(text).toContain('the panel');
  });

  test('lets in scripts from here alone, and styles with its own nonce, another one each time', async () => {
    const pages = await Promise.all([ask(`${url}/admin`, 'GET'), ask(`${url}/admin`, 'GET')]);
    const nonces = pages.map(({ text }) => /<meta name="csp-nonce" content="([^"]{22,})" \/>/.exec(text)?.[1]);
    expect(new Set(nonces).size).toBe(2);
    pages.forEach(({ headers }, index) => {
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain(`style-src 'self' 'nonce-${nonces[index]}';`);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
    });
  });
});

describe('everything else', () => {
  test('assets are cached for ever under names that carry their hash', async () => {
    const { status, headers } = await ask(`${url}/assets/index-a1b2c3.js`, 'GET');
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(headers.get('content-type')).toMatch(/javascript/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test.each([
    '/api',
    '/api/v1',
    '/api/v1/nothing',
    '/assets/nothing.js',
    '/assets/../secret.txt',
    '/assets/%2e%2e/secret.txt',
    '/secret.txt',
    '/index.html',
    '/administrator',
  ])('%s is no page and no file', async (path) => {
    const { status, text } = await ask(url + path, 'GET');
    expect(status).toBe(404);
    expect(text).not.toContain('the panel');
    expect(text).not.toContain('not an asset');
  });
});

test('a console that isn’t built is said at the start', async () => {
  await expect(start(join(folder, 'assets'))).rejects.toThrow('the console is not built');
});
