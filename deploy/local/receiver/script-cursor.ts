import type { RecordedRequest } from './recorded-request.js';
import type { ScriptStep, Step } from './step.js';
import { toStep } from './step.js';

/**
 * Which step of an endpoint's script a request gets.
 *
 * A list is consumed one step per request, whoever sends it; the last step repeats for ever. `perEvent` keeps such a
 * list for each `webhook-id`, which names one event on its way to one webhook and is the same on every attempt: so
 * `{ perEvent: [500, 500, 200] }` lets each event fail twice and then succeed. A function decides by what it sees of
 * the request when its headers are there (the body is not), and by how many requests the endpoint had before.
 */
export type Script =
  | readonly ScriptStep[]
  | { readonly perEvent: readonly ScriptStep[] }
  | ((request: RecordedRequest, requestsBefore: number) => ScriptStep);

export class ScriptCursor {
  readonly #script: Script;
  #requests = 0;
  readonly #requestsOfEvent = new Map<string, number>();

  /** @throws RangeError when the script has no step */
  constructor(script: Script) {
    const steps = typeof script === 'function' ? undefined : 'perEvent' in script ? script.perEvent : script;
    if (steps?.length === 0) throw new RangeError('a script needs at least one step');
    this.#script = script;
  }

  /** The step for this request; counts it. */
  next(request: RecordedRequest): Step {
    const before = this.#requests++;
    const script = this.#script;
    if (typeof script === 'function') return toStep(script(request, before));
    if (!('perEvent' in script)) return stepAt(script, before);
    const id = request.headers['webhook-id'];
    const key = typeof id === 'string' ? id : '';
    const beforeOfEvent = this.#requestsOfEvent.get(key) ?? 0;
    this.#requestsOfEvent.set(key, beforeOfEvent + 1);
    return stepAt(script.perEvent, beforeOfEvent);
  }
}

function stepAt(steps: readonly ScriptStep[], index: number): Step {
  const step = steps[Math.min(index, steps.length - 1)];
  if (step === undefined) throw new RangeError('a script needs at least one step');
  return toStep(step);
}
