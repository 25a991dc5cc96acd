import { describe, expect, test } from '@jest/globals';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { endProcess } from '../../../../deploy/local/end-process.js';
import { startProcessGuard } from '../../../../deploy/local/process-guard.js';
import { projectRoot } from '../../../../services/shared/platform/process/project-root.js';

const quiet: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];

/** Runs the guard's script alone, as its owner sees it: closing its input is what the kernel does on kill -9. */
function guardScript(graceSeconds: number): ChildProcess {
  const script = join(projectRoot(), 'deploy', 'local', 'process-guard.sh');
  return spawn('/bin/sh', [script, String(graceSeconds)], { stdio: ['pipe', 'ignore', 'ignore'] });
}

async function endOf(child: ChildProcess): Promise<string | number | null> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal ?? code;
}

/** What ps says of a process: nothing if it is gone, Z if it has ended and its new parent hasn't collected it yet. */
function stateOf(pid: number): string {
  return spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
}

describe('a process guard', () => {
  test('ends what it started when its owner is gone', async () => {
    const guard = startProcessGuard();
    const child = guard.spawn('sh', ['-c', 'echo on; exec sleep 1000'], { stdio: quiet });
    await once(child.stdout!, 'data');
    const end = endOf(child);
    await guard.close();
    expect(await end).toBe('SIGTERM');
  });

  test('ends what is about to register when it is closed: the pipe refuses that one, which dies of it', async () => {
    const guard = startProcessGuard();
    const end = endOf(guard.spawn('sleep', ['1000'], { stdio: quiet }));
    await guard.close();
    expect(['SIGPIPE', 'SIGTERM']).toContain(await end);
  });

  test('ends what these have started in turn', async () => {
    const guard = startProcessGuard();
    const shell = guard.spawn('sh', ['-c', 'sleep 1000 & echo $!; wait'], { stdio: quiet });
    const [line] = (await once(shell.stdout!, 'data')) as [Buffer];
    const end = endOf(shell);
    await guard.close();
    await end;
    expect(stateOf(Number(line.toString()))).toMatch(/^(Z.*)?$/);
  });

  test('kills what ignores SIGTERM once its grace is over', async () => {
    const stubborn = spawn('sh', ['-c', "trap '' TERM; echo on; while :; do sleep 0.1; done"], { stdio: quiet });
    await once(stubborn.stdout, 'data');
    const guard = guardScript(1);
    guard.stdin?.write(`+ ${stubborn.pid}\n`);
    const end = endOf(stubborn);
    guard.stdin?.end();
    expect(await end).toBe('SIGKILL');
  });

  test('leaves a process alone that was taken off its list', async () => {
    const other = spawn('sleep', ['1000']);
    const guard = guardScript(1);
    guard.stdin?.end(`+ ${other.pid}\n- ${other.pid}\n`);
    expect(await endOf(guard)).toBe(0);
    expect(other.exitCode).toBeNull();
    await endProcess(other, 1_000);
  });

  test('starts nothing once it has ended, because nothing would end that', async () => {
    const guard = startProcessGuard();
    await guard.close();
    expect(() => guard.spawn('sleep', ['1000'], { stdio: quiet })).toThrow('has ended');
  });

  test('passes exit codes through, and reports a missing program with 127', async () => {
    const guard = startProcessGuard();
    expect(await endOf(guard.spawn('sh', ['-c', 'exit 7'], { stdio: quiet }))).toBe(7);
    expect(await endOf(guard.spawn('no-such-program', [], { stdio: quiet }))).toBe(127);
    await guard.close();
  });
});

test('a process that ignores SIGTERM is ended with SIGKILL after the bound', async () => {
  const stubborn = spawn('sh', ['-c', "trap '' TERM; echo on; while :; do sleep 0.1; done"], { stdio: quiet });
  await once(stubborn.stdout, 'data');
  await endProcess(stubborn, 200);
  expect(stubborn.signalCode).toBe('SIGKILL');
});
