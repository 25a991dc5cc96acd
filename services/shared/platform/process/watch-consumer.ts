import type { ServiceContext } from './run-service.js';

/**
 * Makes /readyz tell what is wrong with a consumer. /livez stays green: a consumer that lost its broker joins again by
 * itself, and one that is stuck ends the process by its own watchdog.
 */
export function watchConsumer(
  { health }: Pick<ServiceContext, 'health'>,
  consumer: { trouble(): string | undefined },
  name = 'consumer',
): void {
  health.add({
    name,
    kind: 'dependency',
    check: () => {
      const reason = consumer.trouble();
      return reason === undefined ? { ok: true } : { ok: false, reason };
    },
  });
}
