import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Pool } from 'undici';
import type { Webhook, WebhookList } from '../../../services/admin/contract/webhook.js';
import { startAdminProcess, type AdminProcess } from '../../support/admin-process.js';
import { ask } from '../../support/api.js';
import { drawRequest, type DrawnRequest, type OpenApi } from '../../support/openapi-arbitraries.js';
import { openTestDatabase, type TestDatabase } from '../mongo/test-database.js';

/**
 * RELIABILITY 34: whatever comes in, no 5xx, no stack, no hang, and the process lives. Requests are drawn from the
 * API's own OpenAPI document until so many were malformed; a failing run prints the seed and the request.
 */
/** Malformed ones, as many as a run by hand asks for. */
const MALFORMED = Number(process.env['FUZZ_REQUESTS'] ?? 6_000);
/**
 * What refuses the input itself: 401, 403, 404 and 409 may as well be about who asks, or what is there; 412 and 428 are
 * about the webhook's version.
 */
const REFUSES_INPUT: ReadonlySet<number> = new Set([400, 413, 415, 422]);
const ROUND = 500;
const AT_ONCE = 20;
/** Longer than any honest answer, a password's check and a look-up of a host included: a hang, not slowness. */
const HANG_MS = 30_000;

let database: TestDatabase;
let admin: AdminProcess;
let pool: Pool;

beforeAll(async () => {
  database = await openTestDatabase();
  admin = await startAdminProcess(database, { DELIVERY_TIMEOUT_MS: '3000', DELIVERY_CONNECT_TIMEOUT_MS: '1000' });
  pool = new Pool(admin.url, { connections: AT_ONCE, headersTimeout: HANG_MS, bodyTimeout: HANG_MS });
}, 120_000);

afterAll(async () => {
  await pool?.destroy();
  await admin?.stop();
  await database?.end();
});

async function newWebhook(): Promise<string> {
  const body = {
    url: 'https://webhooks.example.com/hook',
    authentication: { kind: 'basic', username: 'ann', password: 'a password to fuzz' },
    headers: [{ name: 'X-One', value: '1' }],
    events: ['call.end'],
  };
  const { status, json } = await ask<Webhook>(`${admin.url}/api/v1/webhooks`, 'POST', { body, headers: admin.token });
  expect(status).toBe(201);
  return json.id;
}

/** Three, instead of all that there are: most are deleted by what is drawn, and a company may have ten. */
async function newWebhooks(): Promise<string[]> {
  const address = `${admin.url}/api/v1/webhooks`;
  const headers = admin.token;
  const { json } = await ask<WebhookList>(address, 'GET', { headers });
  for (const { id } of json.items) await ask(`${address}/${id}`, 'DELETE', { body: { confirm: 'DELETE' }, headers });
  return [await newWebhook(), await newWebhook(), await newWebhook()];
}

interface Ended {
  readonly request: DrawnRequest;
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

async function send(request: DrawnRequest, turn: number): Promise<Ended> {
  const { method, path, headers, body } = request;
  // Signing out would end the session that the others use.
  const asOwner = turn % 4 === 0 && !(method === 'DELETE' && path.startsWith('/api/v1/session'));
  const credentials = turn % 11 === 0 ? {} : asOwner ? admin.owner : admin.token;
  const type = body === undefined || 'content-type' in headers ? {} : { 'content-type': 'application/json' };
  const answer = await pool.request({
    method: method,
    path,
    headers: { ...type, ...headers, ...credentials },
    ...(body === undefined || method === 'GET' ? {} : { body }),
  });
  const text = await answer.body.text();
  return { request, status: answer.statusCode, contentType: String(answer.headers['content-type']), text };
}

/** What is wrong with an answer; undefined when nothing is. */
function faultOf({ status, contentType, text }: Ended): string | undefined {
  if (status >= 500) return `status ${status}`;
  if (status >= 400 && !contentType.startsWith('application/problem+json')) return `a refusal as ${contentType}`;
  if (/\n\s+at .+:\d+:\d+|node_modules|MongoServerError|dist\/services/.test(text)) return 'an answer with our inside';
  return undefined;
}

test(
  `${MALFORMED} malformed requests among good ones of every kind: no 5xx, no stack, no hang`,
  async () => {
    const { json: document } = await ask<OpenApi>(`${admin.url}/api/openapi.json`, 'GET');
    const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
    const faults: string[] = [];
    const statuses = new Map<number, number>();
    let [malformed, sent] = [0, 0];
    for (let round = 0; malformed < MALFORMED && faults.length === 0; round += 1) {
      const webhookId = await newWebhooks();
      const drawn = fc.sample(drawRequest(document, { webhookId }), { numRuns: ROUND, seed: seed + round });
      const client = async (): Promise<void> => {
        for (let request = drawn.pop(); request !== undefined && malformed < MALFORMED; request = drawn.pop()) {
          const ended = await send(request, sent++).catch((error: unknown) => String(error));
          const fault = typeof ended === 'string' ? ended : faultOf(ended);
          if (fault !== undefined) faults.push(`seed ${seed}: ${fault}: ${JSON.stringify(request).slice(0, 600)}`);
          if (typeof ended === 'string') continue;
          statuses.set(ended.status, (statuses.get(ended.status) ?? 0) + 1);
          if (REFUSES_INPUT.has(ended.status)) malformed += 1;
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, client));
    }

    expect(faults).toEqual([]);
    expect(malformed).toBeGreaterThanOrEqual(MALFORMED);
    expect(admin.service.lines.filter(({ event }) => event === 'request.failed')).toEqual([]);
    expect(admin.service.running).toBe(true);
    // A run in which everything is refused would find nothing.
    for (const status of [200, 201, 204, 400, 401, 404, 422])
      expect([status, statuses.has(status)]).toEqual([status, true]);
    expect((await ask(`${admin.url}/api/v1/webhooks`, 'GET', { headers: admin.token })).status).toBe(200);
  },
  // What it takes on a slow machine; each single request has its own bound above.
  Math.max(600_000, MALFORMED * 60),
);
