import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Memory of a process and of all that it started, in MiB: the sum of the resident set sizes, which counts shared pages
 * once per process. Servers in Docker or given by address belong to others and aren't in it. 0 where `ps` is missing.
 */
export async function familyMemoryMiB(pid: number): Promise<number> {
  try {
    const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,rss=']);
    return Math.round(sumOfFamily(stdout, pid) / 1_024);
  } catch {
    return 0;
  }
}

/** Adds up the third column (KiB) of `pid ppid rss` lines over `root` and its descendants. */
export function sumOfFamily(table: string, root: number): number {
  const rows = table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const family = new Set([root]);
  let sum = 0;
  for (let known = 0; known < family.size;) {
    known = family.size;
    for (const [pid, parent] of rows) if (family.has(parent ?? -1)) family.add(pid ?? -1);
  }
  for (const [pid, , rss] of rows) if (family.has(pid ?? -1)) sum += rss ?? 0;
  return sum;
}
