import type { Script } from './script-cursor.js';
import { respond } from './step.js';

/** How an endpoint of the demo behaves. */
export const BEHAVIOURS = ['healthy', 'slow', 'flaky', 'failing'] as const;

export type Behaviour = (typeof BEHAVIOURS)[number];

export function isBehaviour(name: string): name is Behaviour {
  return (BEHAVIOURS as readonly string[]).includes(name);
}

/**
 * The script of a behaviour. `healthy` answers 200 at once, `slow` after `slowMs`, `flaky` refuses the first attempt of
 * every event and accepts the second, `failing` answers 500 for ever.
 */
export function scriptOf(behaviour: Behaviour, slowMs: number): Script {
  const scripts: Readonly<Record<Behaviour, Script>> = {
    healthy: [200],
    slow: [respond(200, { delayMs: slowMs })],
    flaky: { perEvent: [503, 200] },
    failing: [respond(500, { headers: { 'content-type': 'text/plain' }, body: 'out of order' })],
  };
  return scripts[behaviour];
}
