import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Browser } from 'playwright-core';
import { mongoUri, openTestDatabase, type TestDatabase } from '../integration/mongo/test-database.js';
import { startBrowser } from '../support/browser.js';
import { LIST } from '../support/console.js';
import { startKeyServer, type KeyServer } from '../support/key-server.js';
import { ServiceProcess } from '../support/service-process.js';

/** The console behind a host platform, which signs people in and adds its token to what their browsers ask. */
const ISSUER = 'https://id.example';
const AUDIENCE = 'webhooks';

let database: TestDatabase;
let provider: KeyServer;
let admin: ServiceProcess;
let browser: Browser;
let origin: string;

beforeAll(async () => {
  provider = await startKeyServer();
  database = await openTestDatabase();
  admin = new ServiceProcess('admin', {
    MONGODB_URI: mongoUri(),
    MONGODB_DATABASE: database.name,
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    ADMIN_AUTHENTICATION: 'jwt',
    JWT_JWKS_URL: provider.jwksUrl,
    JWT_ISSUER: ISSUER,
    JWT_AUDIENCE: AUDIENCE,
  });
  await admin.ready();
  const { port } = await admin.logged(({ event }) => event === 'api.listening');
  origin = `http://localhost:${String(port)}`;
  browser = await startBrowser();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await admin?.stop();
  await provider?.close();
  await database?.end();
}, 60_000);

const tokenOf = (role: string): Promise<string> =>
  new SignJWT({ sub: 'u1', name: 'Olga', company_id: 'co_platform', company_name: 'Aurora', role })
    .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setExpirationTime('5m')
    .sign(provider.key);

test('without the platform’s token, the console says where to sign in and asks for no password', async () => {
  const page = await browser.newPage();
  await page.goto(origin + LIST);
  await page.getByText('You are signed in through your company’s platform.').waitFor();
  expect(await page.getByLabel('Password', { exact: true }).count()).toBe(0);
}, 60_000);

test('with it, an Owner is at work, company and name shown', async () => {
  const context = await browser.newContext({ extraHTTPHeaders: { authorization: `Bearer ${await tokenOf('owner')}` } });
  const page = await context.newPage();
  await page.goto(origin + LIST);
  await page.getByRole('link', { name: 'Create first Webhook' }).waitFor();
  const account = page.getByRole('button', { name: /^Account/ });
  expect(await account.innerText()).toContain('Olga');
  await page.getByText('Aurora').first().waitFor();
}, 60_000);

test('with the token of another role, nobody sees a webhook', async () => {
  const context = await browser.newContext({ extraHTTPHeaders: { authorization: `Bearer ${await tokenOf('agent')}` } });
  const page = await context.newPage();
  await page.goto(origin + LIST);
  await page.getByText('Your role doesn’t allow this.').waitFor();
  expect(await page.getByRole('link', { name: 'Create first Webhook' }).count()).toBe(0);
}, 60_000);
