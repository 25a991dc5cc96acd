import type { Dependency } from '../../core/errors.js';
import type { ServiceContext } from './run-service.js';

/** Makes the process unready while the dependency doesn't answer. */
export function watchDependency(
  context: ServiceContext,
  dependency: Dependency,
  answers: () => Promise<boolean>,
): void {
  context.health.add({
    name: dependency,
    kind: 'dependency',
    check: async () => ((await answers()) ? { ok: true } : { ok: false, reason: `${dependency} does not answer` }),
  });
}
