import { readFile } from 'node:fs/promises';

/** What the kernel counts of a process, from /proc: Linux alone has it. */
const TICKS_PER_SECOND = 100;
const MIB = 1_024;

/** CPU time of all its threads so far, in ms, user and system. */
export async function cpuMsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name in brackets may hold spaces; utime and stime are the 12th and 13th fields behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / TICKS_PER_SECOND;
}

/** Resident memory in MiB. */
export async function rssMiBOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / MIB;
}

const EVERY_MS = 50;

/** Watches a process's resident memory until `work` is done: what it had before, and the most of it. */
export async function watchRss<T>(
  pid: number,
  work: () => Promise<T>,
): Promise<{ result: T; beforeMiB: number; peakMiB: number }> {
  const beforeMiB = await rssMiBOf(pid);
  let peakMiB = beforeMiB;
  const timer = setInterval(() => {
    void rssMiBOf(pid).then(
      (mib) => (peakMiB = Math.max(peakMiB, mib)),
      () => undefined,
    );
  }, EVERY_MS);
  try {
    const result = await work();
    return { result, beforeMiB, peakMiB: Math.max(peakMiB, await rssMiBOf(pid)) };
  } finally {
    clearInterval(timer);
  }
}
