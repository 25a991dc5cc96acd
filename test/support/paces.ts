import type { PaceKind, WebhookPace } from '../../services/delivery-consumer/scheduler.js';

/** A pace that is what the test says, whatever happens. */
export interface SetPace extends WebhookPace {
  cap: number;
  kind: PaceKind;
  stalled: boolean;
}

export function paceOf({ cap, kind }: { cap: number; kind: PaceKind }): SetPace {
  return { cap, kind, stalled: false, began: () => undefined, ended: () => undefined, isStalled };
}

function isStalled(this: SetPace): boolean {
  return this.stalled;
}
