import { sleep } from './backoff.js';
import { reasonOf } from './reason-of.js';

/**
 * What /livez and /readyz answer.
 *
 * Two questions that must not be mixed up. Live: would a restart help? No only when a consume loop is stuck or the
 * process has given up. Ready: can it do its work now? No while it starts or ends, and while a dependency is away: a
 * restart would not help then, so /livez stays green, and the process waits or gives up by itself.
 */
export interface Health {
  readonly add: (check: HealthCheck) => void;
  readonly enter: (phase: Phase) => void;
  readonly live: () => Promise<HealthReport>;
  readonly ready: () => Promise<HealthReport>;
}

export type Phase = 'starting' | 'running' | 'stopping' | 'failed';

export type CheckResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };

export interface HealthCheck {
  readonly name: string;
  /** `dependency`: makes the process unready. `loop`: makes it dead, too, so that the supervisor restarts it. */
  readonly kind: 'dependency' | 'loop';
  /** Answers within a second and doesn't throw; otherwise that is the fault that is told. */
  readonly check: () => CheckResult | Promise<CheckResult>;
}

export interface HealthReport {
  readonly ok: boolean;
  readonly phase: Phase;
  readonly checks: Readonly<Record<string, CheckResult>>;
}

const CHECK_MS = 1_000;

export function createHealth(checkMs = CHECK_MS): Health {
  const checks: HealthCheck[] = [];
  let phase: Phase = 'starting';

  async function report(included: readonly HealthCheck[], phaseIsRight: () => boolean): Promise<HealthReport> {
    const results = await Promise.all(
      included.map(async (check) => [check.name, await bounded(check, checkMs)] as const),
    );
    return { ok: phaseIsRight() && results.every(([, { ok }]) => ok), phase, checks: Object.fromEntries(results) };
  }

  return {
    add: (check) => {
      checks.push(check);
    },
    enter: (next) => {
      phase = next;
    },
    live: () =>
      report(
        checks.filter(({ kind }) => kind === 'loop'),
        () => phase !== 'failed',
      ),
    ready: () => report(checks, () => phase === 'running'),
  };
}

async function bounded({ check }: HealthCheck, ms: number): Promise<CheckResult> {
  const answered = new AbortController();
  const tooLate = sleep(ms, answered.signal).then((): CheckResult => ({ ok: false, reason: `no answer in ${ms} ms` }));
  tooLate.catch(() => undefined);
  try {
    return await Promise.race([check(), tooLate]);
  } catch (error) {
    return { ok: false, reason: reasonOf(error) };
  } finally {
    answered.abort();
  }
}
