import type { Script } from './script-cursor.js';
import { respond } from './step.js';

/** How an endpoint of the demo behaves. */
export const BEHAVIOURS = ['healthy', 'slow', 'flaky', 'failing'] as const;

export type Behaviour = (typeof BEHAVIOURS)[number];

export function isBehaviour(name: string): name is Behaviour {
  return (BEHAVIOURS as readonly string[]).includes(name);
}

const FLAKY_EVERY = 10;

/**
 * The script of a behaviour. `healthy` answers 200 at once, `slow` after `slowMs`, `failing` answers 500 for ever.
 * `flaky` refuses the first attempt of every tenth event and accepts all others: seldom enough for its webhook never to
 * count three failures without a success between them.
 */
export function scriptOf(behaviour: Behaviour, slowMs: number): Script {
  switch (behaviour) {
    case 'healthy':
      return [200];
    case 'slow':
      return [respond(200, { delayMs: slowMs })];
    case 'failing':
      return [respond(500, { headers: { 'content-type': 'text/plain' }, body: 'out of order' })];
    case 'flaky':
      return flaky();
  }
}

function flaky(): Script {
  let firstAttempts = 0;
  return ({ headers }) => {
    if (headers['webhook-attempt'] !== '1') return 200;
    firstAttempts += 1;
    return firstAttempts % FLAKY_EVERY === 0 ? 503 : 200;
  };
}
