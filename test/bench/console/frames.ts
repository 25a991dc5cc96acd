import type { Page } from 'playwright-core';

/** Times between frames, in ms, while a page was scrolled. */
export interface FrameFigures {
  readonly frames: number;
  readonly framesPerSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
}

/** Runs in the page: moves by `step` px with every frame until the end or `most` frames, and notes when each came. */
const SCROLL = `async ({ step, most }) => {
  const times = [];
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  window.scrollTo(0, 0);
  for (let n = 0; n < 30; n++) await frame();
  while (times.length < most) {
    times.push(await frame());
    const before = window.scrollY;
    window.scrollBy(0, step);
    if (window.scrollY === before) break;
  }
  return times;
}`;

/** Scrolls down as a person with a wheel or a finger does, `stepPx` a frame. */
export async function scrollFrames(page: Page, stepPx: number, mostFrames: number): Promise<FrameFigures> {
  const argument = JSON.stringify({ step: stepPx, most: mostFrames });
  return frameFigures(await page.evaluate<number[]>(`(${SCROLL})(${argument})`));
}

/** Of the instants at which frames came. @throws RangeError when there are fewer than two */
export function frameFigures(instants: readonly number[]): FrameFigures {
  const gaps = instants.slice(1).map((at, index) => at - (instants[index] ?? at));
  const sorted = Float64Array.from(gaps).sort();
  if (sorted.length === 0) throw new RangeError('too few frames');
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  const total = gaps.reduce((sum, gap) => sum + gap, 0);
  return {
    frames: gaps.length,
    framesPerSecond: (gaps.length * 1_000) / total,
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
    longestMs: at(1),
  };
}
