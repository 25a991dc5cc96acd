/**
 * The folder that keeps the servers' data, claimed by one stack at a time: two servers on the same files would
 * destroy them. The claim is a file that names the owner and its process guard. A claim whose owner is gone is
 * taken over once the guard is gone too, because the guard lives until the last server has let go of its files;
 * so a start right after a kill -9 waits a moment instead of failing. A folder is emptied only if it is empty or
 * carries such a file, so a wrong path can't cost anybody's data.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { poll } from './poll.js';
import { StackError } from './stack-error.js';

const claimFile = 'stack.json';
const temporaryPrefix = 'test-';
const guardGoneWithinMs = 15_000;

/** What the claim file holds; zeros when the folder is free. */
export interface Claim {
  readonly ownerPid: number;
  readonly guardPid: number;
}

export interface DataFolder {
  readonly path: string;
  /** Gives the folder back, and deletes it if it was claimed as temporary. */
  release(): void;
}

export interface ClaimOptions {
  readonly guardPid: number;
  readonly fresh: boolean;
  readonly temporary: boolean;
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

/** Folders claimed by this very process: its own process id in a file may also come from an earlier boot. */
const ours = new Set<string>();

/**
 * Claims the folder, and empties it first if `fresh`. Throws StackError if another stack uses it, or if it is to be
 * emptied but isn't a data folder.
 */
export async function claimDataFolder(path: string, options: ClaimOptions): Promise<DataFolder> {
  mkdirSync(path, { recursive: true });
  const claim = readClaim(path);
  if (isHeld(path, claim)) {
    throw new StackError(
      `Another stack uses ${path} (process ${claim.ownerPid}): stop it first, or delete ${join(path, claimFile)} if no such stack runs.`,
    );
  }
  await guardIsGone(claim, options);
  if (options.fresh) empty(path);
  ours.add(path);
  writeClaim(path, { ownerPid: process.pid, guardPid: options.guardPid });
  return {
    path,
    release() {
      ours.delete(path);
      if (options.temporary) rmSync(path, { recursive: true, force: true });
      else writeClaim(path, { ownerPid: 0, guardPid: 0 });
    },
  };
}

/** Returns a new name for a temporary data folder, after deleting those whose owners were killed. */
export function temporaryDataFolder(parent: string): string {
  mkdirSync(parent, { recursive: true });
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(temporaryPrefix))) {
    const path = join(parent, name);
    const claim = readClaim(path);
    const abandoned = existsSync(join(path, claimFile)) && !isHeld(path, claim) && !isAlive(claim.guardPid);
    if (abandoned) rmSync(path, { recursive: true, force: true });
  }
  return join(parent, `${temporaryPrefix}${process.pid}-${Date.now().toString(36)}`);
}

/** Tells whether a process with this id exists, whoever owns it. */
export function isAlive(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function isHeld(path: string, { ownerPid }: Claim): boolean {
  return ownerPid === process.pid ? ours.has(path) : isAlive(ownerPid);
}

async function guardIsGone({ guardPid }: Claim, { signal, report }: ClaimOptions): Promise<void> {
  if (!isAlive(guardPid)) return;
  report('Waiting for the servers of a killed start to end');
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(guardGoneWithinMs)]);
  await poll(async () => (isAlive(guardPid) ? Promise.reject(new Error('still ending')) : Promise.resolve()), {
    everyMs: 100,
    signal: bounded,
  }).catch(() => signal.throwIfAborted());
}

function empty(path: string): void {
  const entries = readdirSync(path);
  if (entries.length > 0 && !entries.includes(claimFile)) {
    throw new StackError(`${path} isn't a data folder of the local stack, so it isn't emptied: name an empty folder.`);
  }
  for (const entry of entries) rmSync(join(path, entry), { recursive: true, force: true });
}

function readClaim(path: string): Claim {
  try {
    const { ownerPid, guardPid } = JSON.parse(readFileSync(join(path, claimFile), 'utf8')) as Partial<Claim>;
    return { ownerPid: Number(ownerPid) || 0, guardPid: Number(guardPid) || 0 };
  } catch {
    return { ownerPid: 0, guardPid: 0 };
  }
}

function writeClaim(path: string, claim: Claim): void {
  writeFileSync(join(path, claimFile), `${JSON.stringify(claim)}\n`);
}
