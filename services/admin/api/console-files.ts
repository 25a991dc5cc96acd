import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Serves the console: assets, whose names carry their hash, for ever; its one page at every address of the panel, never
 * from a cache, so that a new release is seen at once. Nothing below /api is touched: an unknown route there stays a
 * problem, not a page.
 *
 * The page's policy is stricter than that of the API's documentation: scripts and styles from here alone. What the
 * console adds as a style sheet carries a nonce, fresh in each page; `style-src` has no 'unsafe-inline'.
 */
const PAGE_PATHS = ['/', '/admin', '/admin/*'] as const;
const NONCE_PLACE = '<meta name="csp-nonce" content="" />';
const YEAR_MS = 365 * 24 * 3_600_000;

/** `folder` holds the built console. @throws Error when it doesn't, or when its page has no place for the nonce */
export async function serveConsole(app: FastifyInstance, folder: string): Promise<void> {
  const file = join(folder, 'index.html');
  if (!existsSync(file)) throw new Error(`the console is not built: there is no ${file} (npm run build)`);
  const [before, after] = readFileSync(file, 'utf8').split(NONCE_PLACE);
  if (before === undefined || after === undefined) throw new Error(`${file} has no place for the nonce of styles`);
  await app.register(fastifyStatic, {
    root: join(folder, 'assets'),
    prefix: '/assets/',
    index: false,
    wildcard: false,
    cacheControl: true,
    immutable: true,
    maxAge: YEAR_MS,
  });
  const page = async (_request: unknown, reply: FastifyReply): Promise<string> => {
    const nonce = randomBytes(16).toString('base64');
    void reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .header('content-security-policy', policyOf(nonce));
    return `${before}<meta name="csp-nonce" content="${nonce}" />${after}`;
  };
  for (const path of PAGE_PATHS) app.get(path, { schema: { hide: true } }, page);
}

function policyOf(nonce: string): string {
  return [
    "default-src 'self'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}
