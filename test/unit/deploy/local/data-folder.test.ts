import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimDataFolder, type ClaimOptions, temporaryDataFolder } from '../../../../deploy/local/data-folder.js';

/** No process has this id: it is above the highest that Linux and macOS give out. */
const nobody = 4_194_305;
let parent: string;
let folder: string;

function options(changes: Partial<ClaimOptions> = {}): ClaimOptions {
  const signal = new AbortController().signal;
  return { guardPid: nobody, fresh: false, temporary: false, signal, report: () => undefined, ...changes };
}

function claimedBy(path: string, ownerPid: number): void {
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'stack.json'), JSON.stringify({ ownerPid, guardPid: nobody }));
}

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'data-folder-'));
  folder = join(parent, 'demo');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

describe('a data folder', () => {
  test('is used by one stack at a time', async () => {
    const claimed = await claimDataFolder(folder, options());
    await expect(claimDataFolder(folder, options())).rejects.toThrow('Another stack uses');
    claimed.release();
    (await claimDataFolder(folder, options())).release();
  });

  test('is refused while the process that claimed it lives', async () => {
    claimedBy(folder, process.ppid);
    await expect(claimDataFolder(folder, options())).rejects.toThrow(`process ${process.ppid}`);
  });

  test('is taken over from a process that was killed', async () => {
    claimedBy(folder, nobody);
    (await claimDataFolder(folder, options())).release();
  });

  test('keeps its data over a restart, and loses them in a fresh start', async () => {
    (await claimDataFolder(folder, options())).release();
    writeFileSync(join(folder, 'data'), 'x');
    (await claimDataFolder(folder, options())).release();
    expect(existsSync(join(folder, 'data'))).toBe(true);
    (await claimDataFolder(folder, options({ fresh: true }))).release();
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });

  test('is deleted at the end when it is temporary', async () => {
    (await claimDataFolder(folder, options({ temporary: true }))).release();
    expect(existsSync(folder)).toBe(false);
  });

  test('is not emptied when it was never one of ours', async () => {
    mkdirSync(folder);
    writeFileSync(join(folder, 'thesis'), 'x');
    await expect(claimDataFolder(folder, options({ fresh: true }))).rejects.toThrow("isn't a data folder");
    expect(existsSync(join(folder, 'thesis'))).toBe(true);
  });
});

test('a new temporary folder sweeps those of killed owners, and no others', () => {
  claimedBy(join(parent, 'test-killed'), nobody);
  claimedBy(join(parent, 'test-alive'), process.ppid);
  claimedBy(join(parent, 'demo'), nobody);
  expect(temporaryDataFolder(parent)).toContain(`test-${process.pid}-`);
  expect(['test-killed', 'test-alive', 'demo'].map((name) => existsSync(join(parent, name)))).toEqual([
    false,
    true,
    true,
  ]);
});
