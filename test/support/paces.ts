import type { WebhookPace } from '../../services/delivery-consumer/scheduler.js';

/** A pace that is what the test says, whatever happens. */
export interface SetPace extends WebhookPace {
  cap: number;
  isFast: boolean;
  isSlow: boolean;
  stalled: boolean;
}

export function paceOf({ cap, isFast }: { cap: number; isFast: boolean }): SetPace {
  return { cap, isFast, isSlow: !isFast, stalled: false, began: () => undefined, ended: () => undefined, isStalled };
}

function isStalled(this: SetPace): boolean {
  return this.stalled;
}
