import { randomBytes } from 'node:crypto';
import type { Db } from 'mongodb';
import { loadConfig } from '../../../config/index.js';
import { newToken } from '../../../services/admin/api/identity/api-token.js';
import { createPasswords } from '../../../services/admin/api/identity/passwords.js';
import { SESSION_COOKIE } from '../../../services/admin/api/identity/session-cookie.js';
import { emptyHistogram, latencyBucketOf } from '../../../services/shared/core/latency-histogram.js';
import { RESOLUTION_MS, startOf } from '../../../services/shared/core/roll-up.js';
import { EVENT_TYPES } from '../../../services/shared/core/vocabulary.js';
import { createVault } from '../../../services/shared/platform/crypto/vault.js';
import { ApiTokenStore } from '../../../services/shared/platform/mongo/api-tokens.js';
import { CompanyStore } from '../../../services/shared/platform/mongo/companies.js';
import { companyDataKeys } from '../../../services/shared/platform/mongo/company-data-keys.js';
import { SessionStore } from '../../../services/shared/platform/mongo/sessions.js';
import { StatsWriter, type SeriesTotals } from '../../../services/shared/platform/mongo/stats-writer.js';
import { UserStore } from '../../../services/shared/platform/mongo/users.js';
import { WebhookStore } from '../../../services/shared/platform/mongo/webhooks.js';

/**
 * What the API is asked about: companies with ten webhooks each, whose secrets are sealed and which delivered for a day,
 * and companies without any, for those who create. Each client is one signed-in person or one API token of a
 * company, in turns.
 */
export interface World {
  /** Per company. */
  readonly webhooks: readonly (readonly { readonly companyId: string; readonly webhookId: string }[])[];
  /** Headers of each client; the company of client i is company i modulo their number. */
  readonly clients: readonly Headers[];
  /** Per client, headers for each of some companies without webhooks. */
  readonly creators: readonly (readonly Headers[])[];
}

export type Headers = Readonly<Record<string, string>>;

const HOURS = 24;
const DELIVERY_PROCESSES = 2;
/** Of each client that creates; ten webhooks in each of them, half of them in one measurement. */
const EMPTY_COMPANIES = 16;
const DAY_MS = 24 * 3_600_000;

export async function createWorld(
  db: Db,
  env: Readonly<Record<string, string>>,
  sizes: { readonly companies: number; readonly clients: number },
): Promise<World> {
  const keys = loadConfig(env).encryption.keys.map(({ kid, key }) => ({ kid, key: key.export() }));
  const store = new WebhookStore({ db, vault: createVault({ keys, companies: companyDataKeys(db) }) });
  const ids = Array.from({ length: sizes.companies }, (_, index) => `co_${index}`);
  const webhooks = await Promise.all(ids.map((companyId) => tenWebhooks(store, companyId)));
  await writeRollUps(db, webhooks.flat());
  const passwordHash = await (await createPasswords()).hash(randomBytes(12).toString('base64url'));
  const clientOf = (companyId: string, index: number, asPerson: boolean) =>
    asPerson
      ? person(db, companyId, `person-${index}@${companyId.replaceAll('_', '-')}.example`, passwordHash)
      : program(db, companyId, `program ${index}`);
  const numbers = Array.from({ length: sizes.clients }, (_, index) => index);
  const clients = await Promise.all(
    numbers.map((index) => clientOf(ids[index % ids.length] ?? '', index, Math.floor(index / ids.length) % 2 === 0)),
  );
  const names = new CompanyStore(db);
  await Promise.all(ids.map((id) => names.create(id, `Company ${id}`, new Date())));
  const creators: (readonly Headers[])[] = [];
  for (const index of numbers) {
    const own = Array.from({ length: EMPTY_COMPANIES }, (_, number) => `co_empty_${index}_${number}`);
    await Promise.all(own.map((id) => names.create(id, `Company ${id}`, new Date())));
    creators.push(await Promise.all(own.map((id) => clientOf(id, index, index % 2 === 0))));
  }
  return { webhooks, clients, creators };
}

/** Ten, with a password, a key or neither, and two additional headers each. */
function tenWebhooks(store: WebhookStore, companyId: string) {
  return Promise.all(
    Array.from({ length: 10 }, async (_, index) => {
      const result = await store.insertWebhook(
        companyId,
        {
          url: `https://receiver-${index}.example/hooks/${companyId}`,
          authentication:
            index % 2 === 0
              ? { kind: 'basic', username: 'webhooks', password: randomBytes(12).toString('hex') }
              : { kind: 'api-key', placement: 'header', name: 'x-api-key', value: randomBytes(16).toString('hex') },
          headers: ['x-team', 'x-environment'].map((name) => ({ name, value: randomBytes(8).toString('hex') })),
          events: EVENT_TYPES.filter((_type, position) => (position + index) % 3 > 0),
        },
        new Date(),
      );
      if (result.kind !== 'inserted') throw new Error(`${companyId} has ten webhooks already`);
      return { companyId, webhookId: result.webhookId };
    }),
  );
}

/** A day of each webhook in hours, by each of two delivery processes. */
async function writeRollUps(db: Db, webhooks: readonly { companyId: string; webhookId: string }[]): Promise<void> {
  const now = startOf('hour', Date.now());
  for (let writer = 0; writer < DELIVERY_PROCESSES; writer += 1) {
    const stats = new StatsWriter({ db, writer: `bench-${writer}` });
    for (let hour = 0; hour < HOURS; hour += 1) {
      const at = now - hour * RESOLUTION_MS.hour;
      const series = webhooks.map(({ companyId, webhookId }, index): SeriesTotals => {
        const latency = emptyHistogram();
        for (let ms = 8 + (index % 5); ms < 400; ms *= 1.3) latency[latencyBucketOf(ms)]! += Math.ceil(2_000 / ms);
        const delivered = latency.reduce((sum, count) => sum + count, 0);
        const failed = index % 7;
        const number = hour * webhooks.length + index;
        const totals = { at, delivered, failed, latency, lastDeliveryAt: at };
        return { number, companyId, webhookId, resolution: 'hour', ...totals };
      });
      await stats.write(series);
    }
  }
}

async function person(db: Db, companyId: string, email: string, passwordHash: string): Promise<Headers> {
  const now = new Date();
  const user = { companyId, email, name: email, role: 'owner', passwordHash };
  const created = await new UserStore(db).create(user, now);
  if (created === 'email-taken') throw new Error(`${email} is taken`);
  const expiresAt = new Date(now.getTime() + DAY_MS);
  const { secret, csrfToken } = await new SessionStore(db).create(companyId, created.id, now, expiresAt);
  return { cookie: `${SESSION_COOKIE}=${secret}`, 'x-csrf-token': csrfToken };
}

async function program(db: Db, companyId: string, name: string): Promise<Headers> {
  const now = new Date();
  const { id, hash, token } = newToken();
  const expiresAt = new Date(now.getTime() + DAY_MS);
  const stored = { id, companyId, hash, name, createdBy: 'bench', createdAt: now, expiresAt, lastUsedAt: null };
  const created = await new ApiTokenStore(db).create(stored, () => Promise.resolve());
  if (created === 'full') throw new Error(`${companyId} has all its API tokens`);
  return { authorization: `Bearer ${token}` };
}
