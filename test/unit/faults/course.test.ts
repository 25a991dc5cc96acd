import { expect, test } from '@jest/globals';
import { runCourse, type Course, type Evidence } from '../../faults/course.js';
import type { ChapterResult } from '../../faults/run-chapter.js';

/** Whatever ends a run before its time takes nothing of what it has told. */
const chapter = (what?: string): ChapterResult => ({
  ...{ events: 1, lost: 0, doubled: 0, bound: 0, recoveryMs: 0, faults: 1, latency: { p50: 1, p99: 2 } },
  ...{ standstillMs: 0, notes: [] },
  violations: what === undefined ? [] : [{ invariant: 'I1', what }],
});
const evidence = (name: string): Evidence => ({ history: undefined, logs: [{ name, lines: [] }] });
const LOGS = evidence('at the end').logs;

function told({ told: chapters, broken, evidence: kept }: Course): unknown {
  return {
    chapters: chapters.map(({ violations }) => violations.map(({ what }) => what).join()),
    broken: broken.map(({ what }) => what),
    kept: kept?.logs.map(({ name }) => name).join(),
  };
}

type Play = Parameters<typeof runCourse>[1];

async function run(play: Play, signal?: AbortSignal): Promise<{ course: unknown; kept: unknown[] }> {
  const kept: unknown[] = [];
  const course = await runCourse(
    signal,
    play,
    () => LOGS,
    (so) => kept.push(told(so)),
  );
  return { course: told(course), kept };
}

test('of chapters that hold the last one is kept, and nothing before the end', async () => {
  const { course, kept } = await run(async (note) => {
    note(chapter(), evidence('1'));
    await Promise.resolve();
    note(chapter(), evidence('2'));
  });
  expect(course).toEqual({ chapters: ['', ''], broken: [], kept: '2' });
  expect(kept).toEqual([]);
});

test('the first chapter that does not hold is kept at once, and to the end', async () => {
  const { course, kept } = await run(async (note) => {
    note(chapter('lost'), evidence('1'));
    await Promise.resolve();
    note(chapter('doubled'), evidence('2'));
    throw new Error('no room\nand a log');
  });
  expect(kept).toEqual([{ chapters: ['lost'], broken: [], kept: '1' }]);
  expect(course).toEqual({
    chapters: ['lost', 'doubled'],
    broken: ['the scenario could not be played: no room'],
    kept: '1',
  });
});

test('an interruption leaves what was told, and what comes after it is nobody’s', async () => {
  const interruption = new AbortController();
  let noteLater = (): void => undefined;
  const { course, kept } = await run((note) => {
    note(chapter(), evidence('1'));
    noteLater = () => note(chapter('late'), evidence('2'));
    interruption.abort(new Error('interrupted by SIGTERM'));
    return new Promise(() => undefined);
  }, interruption.signal);
  noteLater();
  expect(course).toEqual({
    chapters: [''],
    broken: ['the scenario could not be played: interrupted by SIGTERM'],
    kept: 'at the end',
  });
  expect(kept).toEqual([]);
});
