import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '../../../services/shared/platform/process/project-root.js';
import { pause } from '../../support/waiting.js';
import { retryWaits, type RetryWait } from '../check/retry-waits.js';
import { violations } from '../check/violation.js';
import { USUAL_FLEET, type Member } from '../fleet.js';
import type { History } from '../history.js';
import type { Rig } from '../rig.js';
import type { Examination, Scenario } from '../scenario.js';

/**
 * Clocks that are wrong: one process's wall clock is set forward or back by an hour, and set right again, as after a
 * virtual machine's pause or by a wrong time server; two processes differ by ten seconds. Last, all processes at once:
 * to them that is a broker (and a MongoDB) whose clock is off, the other way.
 */

const fileOf = (as: string): string => join(tmpdir(), `clock-${process.pid}-${as}`);

function withClock(member: Member): Member {
  const hook = pathToFileURL(join(projectRoot(), 'dist', 'test', 'faults', 'shifted-clock.js')).href;
  return { ...member, env: { ...member.env, NODE_OPTIONS: `--import=${hook}`, CLOCK_FILE: fileOf(member.as) } };
}

const HOUR_MS = 3_600_000;
const JUMPS = [HOUR_MS, -HOUR_MS, 10_000, -10_000, -2_000];
const SKEWS = [10_000, -10_000];
/** Longer than a session: who sends no heartbeats is missed by then. */
const WRONG_FOR_MS = 9_000;
/** Longer than the 3 s after which a clock is compared with MongoDB's again. */
const RIGHT_FOR_MS = 4_000;
/** Processes whose clock is set by an hour, twice each. */
const SET = ['delivery-1', 'retry-1', 'call-1', 'delivery-2'] as const;

const clockJumps: Scenario = {
  name: 'clock-jumps',
  about:
    "a process's clock jumps by an hour or by seconds, one process after the other; then the brokers differ from all",
  covers: [18],
  servers: 'stack',
  seconds: 301,
  rate: 60,
  fleet: USUAL_FLEET.map(withClock),
  // A retry process whose clock is ahead can't know that a retry is not due.
  rules: { retryDelayMs: 0 },
  inject: async (rig) => {
    for (const as of SET)
      for (const jump of JUMPS) {
        await pause(RIGHT_FOR_MS);
        await rig.outage(nameOf(as, jump), [], WRONG_FOR_MS, {
          take: () => writeFileSync(fileOf(as), String(jump)),
          give: () => rmSync(fileOf(as)),
        });
      }
    for (const skew of SKEWS) {
      await pause(RIGHT_FOR_MS);
      await rig.outage(nameOf(EVERYBODY, skew), [], WRONG_FOR_MS, {
        take: () => USUAL_FLEET.forEach(({ as }) => writeFileSync(fileOf(as), String(skew))),
        give: () => USUAL_FLEET.forEach(({ as }) => rmSync(fileOf(as))),
      });
    }
  },
  examine,
};

const EVERYBODY = 'everybody but the brokers';
const nameOf = (as: string, jumpMs: number): string => `${as} is off by ${jumpMs / 1_000} s`;

const DELAY_MS = 3_000;
/** Twice the delay, and what a busy machine adds. */
const LATEST_MS = 2 * DELAY_MS + 2_000;
/** What a slow clock may hasten a retry by, and a receiver that notes an answer later than we have it. */
const TOLERANCE_MS = 300;

/** How long retries were held, and that no clock but the retry process's own can hasten them. */
function examine({ posts, faults }: History, { fleet }: Rig): Examination {
  const waits = retryWaits(posts);
  const names = [nameOf('retry-1', HOUR_MS), nameOf('retry-1', 10_000), nameOf(EVERYBODY, 10_000)];
  const ahead = faults.filter(({ name }) => names.includes(name));
  const early = waits.filter(
    ({ ms, at }) =>
      ms < DELAY_MS - TOLERANCE_MS &&
      !ahead.some((fault) => at >= fault.at - DELAY_MS && at <= fault.endedAt + TOLERANCE_MS),
  );
  const late = waits.filter(({ ms }) => ms > LATEST_MS);
  const silent = SET.filter((as) => fleet.process(as).lines.filter(({ event }) => event === 'clock.off').length < 2);
  const hastened = waits.filter(({ ms }) => ms < DELAY_MS - TOLERANCE_MS).length;
  return {
    violations: [
      ...violations('I5', 'no retry to judge by', waits.length === 0 ? ['none'] : []),
      ...violations('I5', 'a retry before its time', early.map(told)),
      ...violations('I5', 'a retry held for more than twice its delay', late.map(told)),
      ...violations('I7', 'an hour that nobody tells of', silent),
    ],
    notes: [
      `${waits.length} retries, ${hastened} of them early by the retry process's own clock, the latest after ${Math.max(0, ...waits.map(({ ms }) => ms))} ms`,
    ],
  };
}

const told = ({ jobId, ms }: RetryWait): string => `${jobId} after ${ms} ms`;

export const CLOCK_SCENARIOS: readonly Scenario[] = [clockJumps];
