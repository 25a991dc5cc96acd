import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { LIST, startConsole, type ConsoleStage } from '../support/console.js';
import { event } from '../support/system.js';

/**
 * PRODUCT.md, "The console", step by step and word for word, in one browser: from the empty list over the failure logs
 * of real deliveries to the deleted webhook.
 */
/** Of the browser, in which functions that are given to `evaluate` run. */
declare function getComputedStyle(element: unknown): { readonly color: string };

const COMPANY = 'co_story';
const CALLS = ['call.initiated', 'call.dial_begin', 'call.answered', 'call.end', 'call.summary', 'call.disposition'];
jest.setTimeout(40_000);
let stage: ConsoleStage;
let page: Page;

beforeAll(async () => {
  stage = await startConsole(['call-consumer', 'delivery-consumer', 'admin']);
  await stage.company(COMPANY, 'Story Clinics');
  stage.system.receiver.endpoint('/hook', [{ kind: 'respond', status: 500, body: '{"reason":"closed for lunch"}' }]);
  page = await stage.signedIn(COMPANY, '/');
}, 120_000);

afterAll(async () => {
  await stage?.close();
}, 60_000);

const url = (): string => stage.system.receiver.url('/hook', 'localhost');
const row = (): Locator => page.getByRole('row').filter({ hasText: 'localhost' });
const badge = (): Locator => row().locator('[data-status]');
const menu = (): Locator => row().getByRole('button', { name: /^Actions for/ });
const save = (): Locator => page.getByRole('button', { name: 'Save Webhook' });
const toast = (text: string): Promise<void> => page.getByRole('status').filter({ hasText: text }).waitFor();
const colorOf = (locator: Locator): Promise<string> => locator.evaluate((element) => getComputedStyle(element).color);
const choose = async (item: string): Promise<void> => {
  await menu().click();
  await page.getByRole('menuitem', { name: item }).click();
};

test('the panel stands at Admin Panel → APIs & Webhooks → Webhooks → v2, and says whose it is', async () => {
  await page.waitForURL(stage.origin + LIST);
  const crumbs = page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('listitem');
  expect(await crumbs.allInnerTexts()).toEqual(['Admin Panel', 'APIs & Webhooks', 'Webhooks', 'v2']);
  await page.getByText('Story Clinics').first().waitFor();
});

test('1. the empty list offers "Create first Webhook"', async () => {
  await page.getByRole('link', { name: 'Create first Webhook' }).click();
  await page.waitForURL(`${stage.origin}${LIST}/new`);
});

test('2. the form: two panels, a red asterisk, headers always visible, groups with parent tick boxes', async () => {
  await page.getByRole('heading', { name: 'Endpoint details' }).waitFor();
  const label = page.locator('label').filter({ hasText: 'Webhook URL' });
  expect(await label.innerText()).toBe('Webhook URL *');
  expect(await colorOf(label.locator('span'))).toBe('rgb(192, 38, 38)');
  await page.getByRole('group', { name: 'Additional Headers' }).getByRole('button', { name: '+ Add Header' }).waitFor();
  const group = page.getByRole('group', { name: 'Call events' });
  const parent = group.getByRole('checkbox', { name: 'Call events' });
  expect(await page.getByRole('group', { name: 'WhatsApp events' }).getByRole('checkbox').count()).toBe(9);
  expect(await group.getByRole('checkbox').count()).toBe(7);
  await group.getByText('0 selected').waitFor();
  await parent.check();
  await group.getByText('6 selected').waitFor();
  await group.getByRole('checkbox', { name: /call\.end/ }).uncheck();
  await group.getByText('5 selected').waitFor();
  expect(await parent.evaluate((box) => (box as unknown as { indeterminate: boolean }).indeterminate)).toBe(true);
  await group.getByRole('button', { name: 'Show or hide: Call events' }).click();
  await group.getByRole('checkbox', { name: /call\.end/ }).waitFor({ state: 'hidden' });
  await group.getByRole('button', { name: 'Show or hide: Call events' }).click();
  for (const type of CALLS.slice(3))
    await group.getByRole('checkbox', { name: new RegExp(type.replace('.', '\\.')) }).setChecked(false);
  await group.getByText('3 selected').waitFor();
});

test('2. faults stand at their fields while one types', async () => {
  const address = page.getByLabel('Webhook URL');
  await address.fill('http://hooks.example/in');
  await page.getByText('http:// is not accepted: use https://, so that events travel encrypted.').waitFor();
  await address.fill(url());
  await page.getByText('http:// is not accepted').waitFor({ state: 'detached' });
  for (const name of ['X-Tenant', 'x-tenant']) {
    await page.getByRole('button', { name: '+ Add Header' }).click();
    await page.keyboard.type(name);
  }
  await page.getByText('This header is there twice.').waitFor();
  await page.getByLabel('Header 2 key').fill('Content-Length');
  await page.getByText('This name is reserved and cannot be set.').waitFor();
  await page.getByRole('button', { name: 'Remove header 2' }).click();
  await page.getByLabel('Header 1 value').fill('tenant-header-value');
  await page.getByText('API key', { exact: true }).click();
  await page.getByLabel('Key name').fill('X-Api-Key');
  await page.getByLabel('Key value').fill('a-long-secret-key-7781');
});

test('a test event goes out before anything is saved, and shows request and answer', async () => {
  await page.getByRole('button', { name: 'Send test event' }).click();
  const dialog = page.getByRole('dialog', { name: 'Send test event' });
  await dialog.getByRole('button', { name: 'Send test event' }).click();
  await dialog.getByText('Not delivered').waitFor();
  await dialog.getByText('closed for lunch').waitFor();
  await dialog.getByRole('tab', { name: 'Request' }).click();
  await dialog.getByText('webhook-attempt').waitFor();
  const [sent] = stage.system.receiver.requests();
  expect(stage.system.receiver.requests()).toHaveLength(1);
  expect(sent?.headers['x-api-key']).toBe('a-long-secret-key-7781');
  expect(await dialog.innerText()).not.toContain('a-long-secret-key');
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  expect(new URL(page.url()).pathname).toBe(`${LIST}/new`);
  expect(await stage.system.mongo.db.collection('webhooks').countDocuments({ companyId: COMPANY })).toBe(0);
});

test('3. Save Webhook → toast "Webhook created" → list, status Active, "3 selected" with all of them on hover', async () => {
  await save().click();
  await toast('Webhook created');
  await page.waitForURL(stage.origin + LIST);
  expect(await badge().innerText()).toBe('Active');
  expect(await colorOf(badge())).toBe('rgb(24, 121, 78)');
  await page.getByText('1 of 10').waitFor();
  await page.getByRole('link', { name: '+ Add Webhook' }).waitFor();
  await row().getByText('3 selected').hover();
  const tip = page.getByRole('tooltip');
  await tip.waitFor();
  expect((await tip.innerText()).split('\n').map((line) => line.trim())).toEqual(CALLS.slice(0, 3));
});

test('4. Edit is pre-filled but for secrets, and Save is disabled until something changes, again when changed back', async () => {
  await choose('Edit');
  const address = page.getByLabel('Webhook URL');
  await address.waitFor();
  expect(await address.inputValue()).toBe(url());
  expect(await page.getByLabel('Key name').inputValue()).toBe('X-Api-Key');
  expect(await page.getByLabel('Key value').inputValue()).toBe('');
  expect(await page.getByLabel('Key value').getAttribute('placeholder')).toBe('•••••••• 7781 is set');
  expect(await page.content()).not.toContain('a-long-secret-key');
  expect(await save().isDisabled()).toBe(true);
  const box = page.getByRole('checkbox', { name: /call\.end/ });
  await box.check();
  expect(await save().isEnabled()).toBe(true);
  await box.uncheck();
  expect(await save().isDisabled()).toBe(true);
  await address.fill('https://elsewhere.example/in');
  await page.getByText('The address changed to another host: type the key again.').waitFor();
  await page.getByText('The address changed to another host: type the value again.').waitFor();
  await address.fill(url());
  expect(await save().isDisabled()).toBe(true);
});

test('what was typed isn’t lost by a wrong click: leaving asks first', async () => {
  await page.getByRole('checkbox', { name: /call\.end/ }).check();
  await page.goBack();
  const dialog = page.getByRole('dialog', { name: 'Leave without saving?' });
  await dialog.getByRole('button', { name: 'Stay' }).click();
  await dialog.waitFor({ state: 'hidden' });
  expect(await page.getByRole('checkbox', { name: /call\.end/ }).isChecked()).toBe(true);
  await save().click();
  await toast('Webhook updated');
  await row().getByText('4 selected').waitFor();
});

test('5. Disable asks, then Inactive in grey; the menu says Edit, Enable, Delete; Enable → Active', async () => {
  await choose('Disable');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Are you sure you want to disable this webhook?').waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  expect(await badge().innerText()).toBe('Active');
  await choose('Disable');
  await page.getByRole('dialog').getByRole('button', { name: 'Yes' }).click();
  await row().getByText('Inactive').waitFor();
  expect(await colorOf(badge())).toBe('rgb(84, 91, 105)');
  await menu().click();
  await page.getByRole('menuitem', { name: 'Enable' }).waitFor();
  const items = await page.getByRole('menuitem').allInnerTexts();
  expect(items.slice(0, 3)).toEqual(['Edit', 'Enable', 'Delete']);
  await page.getByRole('menuitem', { name: 'Enable' }).click();
  await row().getByText('Active', { exact: true }).waitFor();
});

test('failures of real deliveries turn it Failed in red, with the reason and the next try, without a reload', async () => {
  await stage.system.produce([1, 2, 3].map(() => event('call.initiated', COMPANY)));
  await row().getByText('Failed', { exact: true }).waitFor({ timeout: 30_000 });
  expect(await colorOf(badge())).toBe('rgb(192, 38, 38)');
  await row()
    .getByText(/Next try|is being tried now/)
    .waitFor();
  await row().getByText(/held/).waitFor();
});

test('7. Failure logs → Inspect shows pretty-printed JSON, the HTTP status, the cause and the attempts', async () => {
  await choose('Failure logs');
  const table = page.getByRole('table', { name: 'Failed attempts' });
  await table.getByRole('cell', { name: '500' }).first().waitFor();
  await page.getByRole('columnheader', { name: 'Time (GMT+5:30)' }).waitFor();
  await table
    .getByRole('link', { name: /^Inspect call\.initiated/ })
    .first()
    .click();
  const drawer = page.getByRole('dialog', { name: 'Failed attempt' });
  await drawer.getByText('The endpoint failed with status 500.').waitFor();
  await drawer
    .getByText(/GMT\+5:30/)
    .first()
    .waitFor();
  await drawer.getByText('"event_type"').waitFor();
  const body = drawer.getByRole('group', { name: 'Body' });
  expect(await body.innerText()).toContain('"call.initiated"');
  await drawer.getByRole('button', { name: 'Collapse data' }).click();
  await drawer.getByText(/\d+ keys/).waitFor();
  await drawer.getByRole('tab', { name: 'Response' }).click();
  await drawer.getByText('"closed for lunch"').waitFor();
  await drawer.getByText('Attempt 1', { exact: true }).waitFor();
  expect(await drawer.innerText()).not.toContain('a-long-secret-key');
  const address = page.url();
  await page.goBack();
  await drawer.waitFor({ state: 'hidden' });
  await page.goto(address);
  await page.getByRole('dialog', { name: 'Failed attempt' }).getByText('The endpoint failed').waitFor();
  await page.keyboard.press('Escape');
});

test('7. filters narrow the list and stand in the address; the export is a file of what they show', async () => {
  await page.getByLabel('Status').selectOption('4xx');
  await page.getByText('Nothing fits these filters.').waitFor();
  expect(new URL(page.url()).searchParams.get('statusClass')).toBe('4xx');
  await page.getByLabel('Status').selectOption('5xx');
  await page.getByRole('cell', { name: '500' }).first().waitFor();
  await page.getByRole('button', { name: 'Export' }).click();
  const download = page.waitForEvent('download');
  await page.getByRole('menuitem', { name: /^CSV/ }).click();
  const stream = await (await download).createReadStream();
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).toString().trim().split('\n').length).toBeGreaterThanOrEqual(4);
});

test('the webhook’s own page: figures, the state of its circuit, and who changed what', async () => {
  await page.getByRole('navigation', { name: 'Breadcrumb' }).getByRole('link', { name: 'Webhook' }).click();
  await page.getByText('Deliveries are paused.').waitFor();
  await page.getByText('Tries since it failed').waitFor();
  await page.getByText('edited the webhook').waitFor();
  await page.getByText('created the webhook').waitFor();
  await page.getByText('1 hour', { exact: true }).click();
  await page.getByText('Latency p95').first().waitFor();
});

test('6. Delete: a warning, the word DELETE in capitals, and only then a button that works', async () => {
  await page.goto(stage.origin + LIST);
  await choose('Delete');
  const dialog = page.getByRole('dialog', { name: 'Delete webhook' });
  await dialog.getByText('This action permanently deletes the webhook.').waitFor();
  expect(await dialog.locator('svg.tabler-icon-alert-triangle').count()).toBe(1);
  const button = dialog.getByRole('button', { name: 'Delete', exact: true });
  const word = dialog.getByLabel('Type DELETE to confirm');
  for (const wrong of ['', 'delete', 'DELET', 'DELETE ']) {
    await word.fill(wrong);
    expect(await button.isDisabled()).toBe(true);
  }
  await word.fill('DELETE');
  await button.click();
  await toast('Webhook deleted');
  await page.getByRole('link', { name: 'Create first Webhook' }).waitFor();
  expect(await stage.system.mongo.db.collection('webhooks').countDocuments({ companyId: COMPANY })).toBe(0);
});

test('signing out ends the session, and a deep link comes back to its page after signing in', async () => {
  await page.getByRole('button', { name: /^Account/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.context().close();
  const again = await stage.signedIn(COMPANY, `${LIST}/new`);
  await again.getByRole('heading', { name: 'New webhook' }).waitFor();
});

test('no page threw an error, and nothing was refused by the content security policy', () => {
  expect(stage.faults).toEqual([]);
});
