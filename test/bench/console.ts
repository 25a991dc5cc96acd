/**
 * npm run bench:console -- [--json]
 * How the console feels: from nothing until the list can be used, and the times between frames while a list of ten
 * webhooks and a failure log of 10,000 entries are scrolled; in headless Chromium, without a graphics card, against the
 * real admin process and MongoDB. The limit is an empty page that is scrolled in the same browser.
 */
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import type { FailureDocument } from '../../services/shared/platform/mongo/failure-document.js';
import { LIST, startConsole, usableMs } from '../support/console.js';
import { failureDocument, storeFailures } from '../support/failure-documents.js';
import { scrollFrames, type FrameFigures } from './console/frames.js';
import { table } from './shared/table.js';

const { json } = parseArgs({ options: { json: { type: 'boolean', default: false } } }).values;

const COMPANY = 'co_bench';
const ENTRIES = 10_000;
const ROUNDS = 7;
/** A quick wheel: 3,600 px/s at 60 frames a second. */
const STEP_PX = 60;
const MOST_FRAMES = 900;
/** Whoever drags the bar: every frame shows other rows. */
const LEAP_PX = 1_500;

/** Goes to the log's end once, so that what is measured is scrolling and not the network. */
async function loadWholeLog(page: Page): Promise<number> {
  const begun = performance.now();
  while (!(await page.getByText('That is all.').isVisible()))
    await page.evaluate('window.scrollTo(0, document.body.scrollHeight)');
  return performance.now() - begun;
}

async function emptyPage(page: Page): Promise<FrameFigures> {
  await page.setContent('<div style="height: 600000px"></div>');
  return scrollFrames(page, STEP_PX, MOST_FRAMES);
}

const stage = await startConsole(['admin']);
try {
  await stage.company(COMPANY);
  const [first] = await Promise.all(Array.from({ length: 10 }, (_, n) => stage.system.webhook(COMPANY, `/bench-${n}`)));
  const entries = stage.system.mongo.db.collection<FailureDocument>('failure_log');
  await storeFailures(entries, ENTRIES, (n) => failureDocument(n, { companyId: COMPANY, webhookId: first ?? '' }));

  const list = await stage.signedIn(COMPANY, LIST, { viewport: { width: 1360, height: 400 } });
  const usable = await usableMs(stage, list, ROUNDS);
  const log = await stage.signedIn(COMPANY, `${LIST}/${first}/failures`);
  const firstScroll = await scrollFrames(log, STEP_PX, MOST_FRAMES);
  const loadedMs = await loadWholeLog(log);
  const scrolls: readonly (readonly [string, FrameFigures])[] = [
    ['an empty page: the limit', await emptyPage(await stage.browser.newPage())],
    ['list of 10', await scrollFrames(list, STEP_PX, MOST_FRAMES)],
    [`log, first time down, with its pages on their way`, firstScroll],
    [`log of ${ENTRIES}`, await scrollFrames(log, STEP_PX, MOST_FRAMES)],
    [`log of ${ENTRIES}, in leaps`, await scrollFrames(log, LEAP_PX, MOST_FRAMES)],
  ];
  const ms = (value: number) => value.toFixed(1);
  const rows = scrolls.map(([name, { frames, framesPerSecond, p50Ms, p95Ms, p99Ms, longestMs }]) => [
    name,
    frames,
    ms(framesPerSecond),
    ...[p50Ms, p95Ms, p99Ms, longestMs].map(ms),
  ]);
  const [best = 0, median = 0] = [usable[0], usable[Math.floor(ROUNDS / 2)]];
  process.stdout.write(
    `\nusable from nothing: best ${ms(best)} ms, median of ${ROUNDS} ${ms(median)} ms; bound 2,000\n` +
      `all ${ENTRIES} entries loaded page by page: ${(loadedMs / 1_000).toFixed(1)} s\n\n` +
      `${table([['scrolled', 'frames', 'frames/s', 'p50 ms', 'p95 ms', 'p99 ms', 'longest ms'], ...rows])}\n`,
  );
  if (json)
    process.stdout.write(`${JSON.stringify({ usableMs: usable, loadedMs, scrolls: Object.fromEntries(scrolls) })}\n`);
} finally {
  await stage.close();
}
