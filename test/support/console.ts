import { createServer, type AddressInfo } from 'node:net';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { CompanyStore } from '../../services/shared/platform/mongo/companies.js';
import { startBrowser } from './browser.js';
import { createUser, PASSWORD } from './identity.js';
import { startSystem, type ServiceName, type System } from './system.js';

/** The console in a real browser, before the real admin process, MongoDB and delivery path. */
export interface ConsoleStage {
  readonly system: System;
  readonly browser: Browser;
  /** Of the admin process, such as `http://localhost:20123`. */
  readonly origin: string;
  /** What went wrong in any page: thrown errors, refusals of the content security policy. */
  readonly faults: string[];
  /** A company with an Owner who signs in with `owner@<company>.example`. */
  company(id: string, name?: string): Promise<void>;
  /** A browser of its own, signed in as the Owner, at a path of the console. */
  signedIn(companyId: string, path?: string, options?: BrowserContextOptions): Promise<Page>;
  /** A browser of its own at a path, with nobody signed in. */
  visit(path: string, options?: BrowserContextOptions): Promise<Page>;
  close(): Promise<void>;
}

export const LIST = '/admin/apis-webhooks/webhooks/v2';
export const ownerOf = (companyId: string): string => `owner@${companyId.replaceAll('_', '-')}.example`;

/** What a page may say on its console without being broken: answers that refuse are part of the tests. */
const HARMLESS = /Failed to load resource/;

export async function startConsole(services: readonly ServiceName[]): Promise<ConsoleStage> {
  const port = await freePort();
  const system = await startSystem(services, {
    ADMIN_PORT: String(port),
    ADMIN_REQUESTS_PER_MINUTE: '100000',
    ADMIN_TEST_EVENTS_PER_MINUTE: '1000',
  });
  const browser = await startBrowser();
  const contexts: BrowserContext[] = [];
  const faults: string[] = [];
  const origin = `http://localhost:${port}`;
  const visit: ConsoleStage['visit'] = async (path, options = {}) => {
    const context = await browser.newContext({
      viewport: { width: 1360, height: 900 },
      timezoneId: 'Asia/Kolkata',
      ...options,
    });
    contexts.push(context);
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.message}`));
    page.on('console', (line) => {
      if (line.type() === 'error' && !HARMLESS.test(line.text())) faults.push(`${page.url()}: ${line.text()}`);
    });
    await page.goto(origin + path);
    return page;
  };
  return {
    system,
    browser,
    origin,
    faults,
    company: async (id, name = id) => {
      await new CompanyStore(system.mongo.db).create(id, name, new Date());
      await createUser(system.mongo.db, id, ownerOf(id), 'owner');
    },
    visit,
    signedIn: async (companyId, path = LIST, options = {}) => {
      const page = await visit(path, options);
      await page.getByLabel('Email').fill(ownerOf(companyId));
      await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('button', { name: /^Account/ }).waitFor();
      return page;
    },
    close: async () => {
      for (const context of contexts) await context.close();
      await browser.close();
      await system.close();
    },
  };
}

/**
 * How long the list takes, from a tab that shows nothing until the menu of a row is open, in ms, shortest first.
 * `signedIn`: any page of who is to open it.
 */
export async function usableMs({ origin }: ConsoleStage, signedIn: Page, rounds: number): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const page = await signedIn.context().newPage();
    const begun = performance.now();
    await page.goto(origin + LIST);
    await page
      .getByRole('button', { name: /^Actions for/ })
      .first()
      .click();
    await page.getByRole('menuitem', { name: 'Edit' }).waitFor();
    times.push(performance.now() - begun);
    await page.close();
  }
  return times.sort((a, b) => a - b);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
