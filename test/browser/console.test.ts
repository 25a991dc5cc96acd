import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { FailureDocument } from '../../services/shared/platform/mongo/failure-document.js';
import { axeFindings } from '../support/axe.js';
import { LIST, ownerOf, startConsole, usableMs, type ConsoleStage } from '../support/console.js';
import { PASSWORD } from '../support/identity.js';

/**
 * What holds on every page of the console: keyboard alone is enough, axe finds nothing, text of strangers stays text,
 * nobody's change is overwritten unseen, and what was typed survives a server that is away.
 */
jest.setTimeout(40_000);
let stage: ConsoleStage;

beforeAll(async () => {
  stage = await startConsole(['admin']);
}, 120_000);

afterAll(async () => {
  await stage?.close();
}, 60_000);

const MINUTE_MS = 60_000;

function failure(
  companyId: string,
  webhookId: string,
  n: number,
  overrides: Partial<FailureDocument> = {},
): FailureDocument {
  return {
    _id: `att_${companyId}_${n}`,
    jobId: `job_${companyId}_${n}`,
    webhookId,
    companyId,
    eventId: `evt_${n}`,
    eventType: 'call.end',
    conversationId: `conv_${n}`,
    attempt: 1,
    at: new Date(Date.now() - n * 1_000),
    durationMs: 12,
    request: {
      method: 'POST',
      url: 'https://hooks.example/in',
      headers: [{ name: 'content-type', value: 'application/json' }],
      body: JSON.stringify({ event_id: `evt_${n}`, data: { legs: [{ state: 'completed' }, { state: null }] } }),
    },
    response: {
      status: 503,
      headers: [{ name: 'retry-after', value: '3' }],
      body: '{"busy":true}',
      bodyTruncated: false,
    },
    statusClass: '5xx',
    cause: { kind: 'server-error', text: 'The endpoint failed with status 503.' },
    followUp: { kind: 'exhausted' },
    expiresAt: new Date(Date.now() + 60 * MINUTE_MS),
    ...overrides,
  };
}

const log = (entries: readonly FailureDocument[]) =>
  stage.system.mongo.db.collection<FailureDocument>('failure_log').insertMany([...entries]);

/** Runs in the browser. */
const isFocused = (element: { readonly ownerDocument: { readonly activeElement: unknown } }): boolean =>
  element.ownerDocument.activeElement === element;

describe('keyboard alone', () => {
  /** Presses Tab until the focus is on what has this accessible name; a story with a mouse in it would not pass. */
  const tabTo = async (page: Page, name: RegExp): Promise<void> => {
    const seen: string[] = [];
    for (let presses = 0; presses < 60; presses++) {
      const focused = await page.evaluate<string>(
        `(() => { const e = document.activeElement; return e?.getAttribute('aria-label') ?? e?.labels?.[0]?.innerText ?? e?.innerText ?? ''; })()`,
      );
      if (name.test(focused)) return;
      seen.push(focused.slice(0, 30));
      await page.keyboard.press('Tab');
    }
    throw new Error(`Tab did not reach ${name}: ${seen.join(' | ')}`);
  };

  test('signs in, registers a webhook, disables and deletes it', async () => {
    await stage.company('co_keys');
    const page = await stage.visit(LIST);
    await page.getByLabel('Email').waitFor();
    const { keyboard } = page;
    await tabTo(page, /^Email/);
    await keyboard.type(ownerOf('co_keys'));
    await tabTo(page, /^Password/);
    await keyboard.type(PASSWORD);
    await keyboard.press('Enter');
    await page.getByRole('link', { name: 'Create first Webhook' }).waitFor();
    await tabTo(page, /^Create first Webhook/);
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: 'New webhook' }).waitFor();
    await tabTo(page, /^Webhook URL/);
    await keyboard.type(stage.system.receiver.url('/keys', 'localhost'));
    await tabTo(page, /^None/);
    await keyboard.press('ArrowRight');
    await tabTo(page, /^Username/);
    await keyboard.type('ann');
    await tabTo(page, /^Password/);
    await keyboard.type('a-password-of-ann');
    await tabTo(page, /^WhatsApp events/);
    await keyboard.press('Space');
    await tabTo(page, /^Save Webhook/);
    await keyboard.press('Enter');
    await page.getByText('8 selected').waitFor();
    await tabTo(page, /^Actions for/);
    await keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Disable' }).waitFor();
    while (!(await page.getByRole('menuitem', { name: 'Disable' }).evaluate(isFocused)))
      await keyboard.press('ArrowDown');
    await keyboard.press('Enter');
    await page.getByText('Are you sure you want to disable this webhook?').waitFor();
    await tabTo(page, /^Yes/);
    await keyboard.press('Enter');
    await page.getByText('Inactive', { exact: true }).waitFor();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await tabTo(page, /^Actions for/);
    await keyboard.press('Enter');
    while (!(await page.getByRole('menuitem', { name: 'Delete' }).evaluate(isFocused)))
      await keyboard.press('ArrowDown');
    await keyboard.press('Enter');
    await page.getByText('This action permanently deletes the webhook.').waitFor();
    await tabTo(page, /^Type DELETE/);
    await keyboard.type('DELETE');
    await keyboard.press('Enter');
    await page.getByRole('link', { name: 'Create first Webhook' }).waitFor();
  }, 60_000);

  test('a dialog keeps the focus, Escape closes it and gives the focus back', async () => {
    await stage.company('co_trap');
    await stage.system.webhook('co_trap', '/trap');
    const page = await stage.signedIn('co_trap');
    await page.getByRole('button', { name: /^Actions for/ }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete webhook' });
    await dialog.waitFor();
    for (let presses = 0; presses < 8; presses++) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.closest("[role=dialog]") !== null')).toBe(true);
    }
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await page.evaluate('document.querySelector("[role=dialog]")')).toBeNull();
  }, 30_000);
});

describe.each(['light', 'dark'] as const)('axe finds nothing, %s', (colorScheme) => {
  const company = `co_axe_${colorScheme}`;
  let page: Page;
  let id: string;

  beforeAll(async () => {
    await stage.company(company);
    page = await stage.signedIn(company, LIST, { colorScheme, bypassCSP: true });
  }, 30_000);

  const at = async (path: string, ready: string): Promise<void> => {
    await page.goto(`${stage.origin}${path}`);
    await page.getByText(ready).first().waitFor();
  };

  test('sign-in, and the empty list', async () => {
    expect(await axeFindings(page)).toEqual([]);
    const stranger = await stage.visit(LIST, { colorScheme, bypassCSP: true });
    await stranger.getByLabel('Email').waitFor();
    expect(await axeFindings(stranger)).toEqual([]);
  }, 30_000);

  test('list, its menu and its dialogs', async () => {
    id = await stage.system.webhook(company, '/axe', {
      authentication: { kind: 'basic', username: 'ann', password: 'a-long-password' },
      headers: [{ name: 'X-Tenant', value: 'tenant-one-two-three' }],
    });
    await stage.system.mongo.db
      .collection<{ _id: string }>('webhooks')
      .updateOne({ companyId: company, _id: id }, { $set: { status: 'failed' } });
    stage.system.receiver.endpoint('/axe', [{ kind: 'respond', status: 404, body: 'no such hook' }]);
    await at(LIST, 'Failed');
    expect(await axeFindings(page)).toEqual([]);
    const open = async (item: string, dialog: string): Promise<void> => {
      await page.getByRole('button', { name: /^Actions for/ }).click();
      await page.getByRole('menuitem', { name: 'Edit' }).waitFor();
      expect(await axeFindings(page)).toEqual([]);
      await page.getByRole('menuitem', { name: item }).click();
      await page.getByRole('dialog', { name: dialog }).waitFor();
    };
    for (const [item, dialog] of [
      ['Disable', 'Disable webhook'],
      ['Delete', 'Delete webhook'],
    ] as const) {
      await open(item, dialog);
      expect(await axeFindings(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
    }
    await open('Send test event', 'Send test event');
    await page.getByRole('dialog').getByRole('button', { name: 'Send test event' }).click();
    await page.getByText('no such hook').waitFor();
    expect(await axeFindings(page)).toEqual([]);
  }, 60_000);

  test('the form, with faults at its fields', async () => {
    await at(`${LIST}/new`, 'Endpoint details');
    await page.getByLabel('Webhook URL').fill('http://hooks.example');
    await page.getByRole('button', { name: '+ Add Header' }).click();
    await page.getByText('API key', { exact: true }).click();
    await page.getByText('Query', { exact: true }).click();
    await page.getByRole('button', { name: 'Save Webhook' }).click();
    await page.getByText('Select at least one event.').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.goto('about:blank');
    await at(`${LIST}/${id}/edit`, 'Endpoint details');
    expect(await axeFindings(page)).toEqual([]);
  }, 60_000);

  test('failure logs and Inspect', async () => {
    await log(Array.from({ length: 40 }, (_, n) => failure(company, id, n)));
    await at(`${LIST}/${id}/failures`, 'That is all.');
    expect(await axeFindings(page)).toEqual([]);
    await page
      .getByRole('link', { name: /^Inspect/ })
      .first()
      .click();
    await page.getByRole('dialog').getByText('"legs"').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole('tab', { name: 'Response' }).click();
    await page.getByText('retry-after').waitFor();
    expect(await axeFindings(page)).toEqual([]);
  }, 60_000);

  test('the webhook’s page, tokens, audit trail, and a page that isn’t there', async () => {
    await at(`${LIST}/${id}`, 'Deliveries and failures');
    await page.locator('.recharts-surface').first().waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await at('/admin/apis-webhooks/tokens', 'No tokens yet.');
    await page.getByRole('button', { name: 'Create token' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('pipeline');
    await page.getByRole('dialog').getByRole('button', { name: 'Create token' }).click();
    await page.getByText('Copy your token now').waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: 'Revoke pipeline' }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await at('/admin/apis-webhooks/audit', 'created an API token');
    expect(await axeFindings(page)).toEqual([]);
    await at('/admin/nowhere', 'Not found');
    expect(await axeFindings(page)).toEqual([]);
  }, 60_000);
});

test('text of strangers stays text: URL, header values, event data, response bodies, names', async () => {
  const canary = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>';
  await stage.company('co_xss', canary);
  const id = await stage.system.webhook(
    'co_xss',
    '/in?q=%3Cimg%20src=x%20onerror=window.pwned=1%3E"\'><script>1</script>',
    {
      headers: [{ name: 'X-Canary', value: canary }],
    },
  );
  await log([
    failure('co_xss', id, 1, {
      eventId: canary,
      conversationId: canary,
      cause: { kind: 'tls', text: canary },
      request: {
        method: 'POST',
        url: `https://h.example/${canary}`,
        headers: [{ name: 'x-canary', value: canary }],
        body: JSON.stringify({ [canary]: canary }),
      },
      response: { status: 500, headers: [{ name: canary, value: canary }], body: canary, bodyTruncated: true },
    }),
  ]);
  const page = await stage.signedIn('co_xss');
  const untouched = async (): Promise<void> => {
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    expect(await page.locator('img[src=x]').count()).toBe(0);
  };
  await page.getByText('1 selected').waitFor();
  await untouched();
  await page.goto(`${stage.origin}${LIST}/${id}`);
  await page.getByText('Deliveries and failures').waitFor();
  await untouched();
  await page.goto(`${stage.origin}${LIST}/${id}/failures`);
  await page.getByRole('link', { name: /^Inspect/ }).click();
  const drawer = page.getByRole('dialog');
  await drawer.getByText('onerror').first().waitFor();
  await untouched();
  await drawer.getByRole('tab', { name: 'Response' }).click();
  await drawer.locator('pre').waitFor();
  expect(await drawer.locator('pre').innerText()).toBe(canary);
  await untouched();
}, 60_000);

test('two people edit one webhook: the second is told, loads what is saved, keeps what he typed, and saves', async () => {
  await stage.company('co_two');
  const id = await stage.system.webhook('co_two', '/two');
  const [ann, bob] = [
    await stage.signedIn('co_two', `${LIST}/${id}/edit`),
    await stage.signedIn('co_two', `${LIST}/${id}/edit`),
  ];
  for (const page of [ann, bob]) await page.getByLabel('Webhook URL').waitFor();
  await bob.getByLabel('Webhook URL').fill(stage.system.receiver.url('/bob', 'localhost'));
  await ann.getByRole('checkbox', { name: /message\.read/ }).check();
  await ann.getByRole('button', { name: 'Save Webhook' }).click();
  await ann.getByText('Webhook updated').waitFor();
  await bob.getByRole('button', { name: 'Save Webhook' }).click();
  await bob.getByText('Someone else changed this webhook').waitFor();
  await bob.getByRole('button', { name: 'Load the current version, keep my changes' }).click();
  await bob.getByText('The current version was loaded.').waitFor();
  expect(await bob.getByLabel('Webhook URL').inputValue()).toBe(stage.system.receiver.url('/bob', 'localhost'));
  expect(await bob.getByRole('checkbox', { name: /message\.read/ }).isChecked()).toBe(true);
  await bob.getByRole('button', { name: 'Save Webhook' }).click();
  await bob.getByText('Webhook updated').waitFor();
  const saved = await stage.system.webhookDocument('co_two', id);
  expect(saved).toMatchObject({
    url: stage.system.receiver.url('/bob', 'localhost'),
    events: ['call.initiated', 'message.read'],
  });
}, 60_000);

test('the limit is said in words, and the way to one more is closed', async () => {
  await stage.company('co_full');
  for (let n = 0; n < 10; n++) await stage.system.webhook('co_full', `/full-${n}`);
  const page = await stage.signedIn('co_full');
  await page.getByText('You have 10 webhooks, which is the limit. Delete one to add another.').waitFor();
  await page.getByText('10 of 10').waitFor();
  const add = page.getByRole('link', { name: '+ Add Webhook' });
  expect(await add.getAttribute('aria-disabled')).toBe('true');
  await add.focus();
  await page.keyboard.press('Enter');
  expect(new URL(page.url()).pathname).toBe(LIST);
}, 30_000);

test('a failure log of 10,000 entries: few rows in the page at any time, and the last one is reached', async () => {
  await stage.company('co_long');
  const id = await stage.system.webhook('co_long', '/long');
  await log(Array.from({ length: 10_000 }, (_, n) => failure('co_long', id, n)));
  const page = await stage.signedIn('co_long', `${LIST}/${id}/failures`);
  const table = page.getByRole('table', { name: 'Failed attempts' });
  const last = page.getByText('evt_9999', { exact: true });
  await table.getByRole('cell', { name: '503' }).first().waitFor();
  let most = 0;
  const deadline = Date.now() + 180_000;
  while (!(await last.isVisible())) {
    if (Date.now() > deadline) throw new Error('the end of the log was not reached');
    most = Math.max(most, await table.getByRole('row').count());
    await page.evaluate('window.scrollTo(0, document.body.scrollHeight)');
  }
  await page.getByText('That is all.').waitFor();
  expect(most).toBeLessThan(80);
}, 210_000);

test('a failure log that is read is not loaded anew by itself; Refresh asks for its newest page alone', async () => {
  await stage.company('co_read');
  const id = await stage.system.webhook('co_read', '/read');
  await log(Array.from({ length: 300 }, (_, n) => failure('co_read', id, n)));
  const page = await stage.signedIn('co_read');
  const asked: string[] = [];
  await page.clock.install();
  await page.goto(`${stage.origin}${LIST}/${id}/failures?period=24h`);
  const last = page.getByText('evt_299', { exact: true });
  while (!(await last.isVisible())) await page.evaluate('window.scrollTo(0, document.body.scrollHeight)');
  page.on('request', (request) => {
    if (request.url().includes('/failures?')) asked.push(request.url());
  });
  await page.clock.runFor(130_000);
  await page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');
  await page.clock.runFor(5_000);
  expect(await last.isVisible()).toBe(true);
  expect(asked).toEqual([]);
  await log([failure('co_read', id, 300, { at: new Date() })]);
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByText('evt_300', { exact: true }).waitFor();
  expect(asked).toHaveLength(1);
}, 60_000);

test('on a phone the panels are stacked and nothing has to be scrolled sideways', async () => {
  await stage.company('co_phone');
  await stage.system.webhook('co_phone', '/a-rather-long-path/that-does-not-fit/on-a-small-screen');
  const page = await stage.signedIn('co_phone', LIST, { viewport: { width: 360, height: 740 }, hasTouch: true });
  const fits = async (): Promise<void> =>
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
  await page.getByText('Active').waitFor();
  await fits();
  await page.getByRole('button', { name: 'Open the navigation' }).click();
  await page.getByRole('link', { name: 'API tokens' }).click();
  await page.getByText('No tokens yet.').waitFor();
  await fits();
  await page.goto(`${stage.origin}${LIST}/new`);
  const [left, right] = [
    page.getByRole('region', { name: 'Endpoint details' }),
    page.getByRole('region', { name: 'Events' }),
  ];
  const [upper, lower] = [await left.boundingBox(), await right.boundingBox()];
  expect((lower?.y ?? 0) >= (upper?.y ?? 0) + (upper?.height ?? 0)).toBe(true);
  await fits();
}, 60_000);

test('the list can be used within two seconds, from nothing', async () => {
  await stage.company('co_fast');
  for (let n = 0; n < 10; n++) await stage.system.webhook('co_fast', `/fast-${n}`);
  const page = await stage.signedIn('co_fast');
  const times = await usableMs(stage, page, 3);
  expect(Math.min(...times)).toBeLessThan(2_000);
}, 60_000);

test('the server goes away: the list says so and stays, what was typed stays, and saving works once it is back', async () => {
  await stage.company('co_away');
  await stage.system.webhook('co_away', '/away');
  const list = await stage.signedIn('co_away');
  await list.getByText('1 selected').waitFor();
  const form = await stage.signedIn('co_away', `${LIST}/new`);
  const typed = stage.system.receiver.url('/typed', 'localhost');
  await form.getByLabel('Webhook URL').fill(typed);
  await form.getByRole('checkbox', { name: /call\.end/ }).check();
  await stage.system.services.get('admin')?.stop();
  await form.getByRole('button', { name: 'Save Webhook' }).click();
  await form.getByText('What you typed is kept here').waitFor();
  expect(await form.getByLabel('Webhook URL').inputValue()).toBe(typed);
  await list.getByText('it refreshes by itself').waitFor({ timeout: 30_000 });
  await list.getByText('1 selected').waitFor();
  await stage.system.start('admin');
  await form.getByRole('button', { name: 'Save Webhook' }).click();
  await form.getByText('Webhook created').waitFor();
  await list.getByText('2 of 10').waitFor({ timeout: 30_000 });
}, 120_000);

test('a session that ends is renewed on top of the page, and what was typed is still there', async () => {
  await stage.company('co_ended');
  const page = await stage.signedIn('co_ended', `${LIST}/new`);
  const typed = stage.system.receiver.url('/ended', 'localhost');
  await page.getByLabel('Webhook URL').fill(typed);
  await page.getByRole('checkbox', { name: /call\.end/ }).check();
  await page.context().clearCookies();
  await page.getByRole('button', { name: 'Save Webhook' }).click();
  const dialog = page.getByRole('dialog', { name: 'Your session ended' });
  await dialog.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Sign in' }).click();
  await dialog.waitFor({ state: 'hidden' });
  expect(await page.getByLabel('Webhook URL').inputValue()).toBe(typed);
  await page.getByRole('button', { name: 'Save Webhook' }).click();
  await page.getByText('Webhook created').waitFor();
}, 60_000);

test('no page threw an error, and nothing was refused by the content security policy', () => {
  expect(stage.faults).toEqual([]);
});
