import type { Status } from './vocabulary.js';

/**
 * The circuit of a Failed webhook: when it opens, when it is tried, when it closes.
 *
 * "Failed is a circuit breaker that the customer can see. One held event at a time is tried as a probe, 3 s after the
 * failure, then 6, 12, 24 s … up to 15 min. A 2xx makes the webhook Active again. An Owner can press Enable at any
 * time, which does the same at once." An edit of the endpoint lets the next probe be made at once, because what failed
 * was fixed, perhaps. Inactive has no circuit: the Owner's word is neither probed nor undone; 410 Gone counts as theirs.
 *
 * Which step a fact takes in which status is the literal table TRANSITIONS. Late and repeated facts change nothing: a
 * probe that failed names the circuit that it was made for, and when it was due. What counts as a failure or as recovered is
 * decided in status.ts; MongoDB applies the same steps (status-fold.ts), and a property test compares the two.
 */
export interface Circuit {
  /** Epoch ms, like all instants here. */
  readonly openedAt: number;
  /** Probes that have failed so far. */
  readonly probes: number;
  readonly nextProbeAt: number;
}

export interface ProbePolicy {
  /** From the failure that opens the circuit to the first probe. */
  readonly firstProbeMs: number;
  /** The longest pause between two probes: each is twice the one before it, up to here. */
  readonly maxProbeMs: number;
}

export interface CircuitState {
  readonly status: Status;
  readonly circuit: Circuit | null;
}

export type CircuitFact =
  /** The failures reached the threshold. */
  | { readonly kind: 'tripped'; readonly at: number }
  /** A success left fewer failures than the threshold. */
  | { readonly kind: 'recovered'; readonly at: number }
  | ProbeFailed
  /** The endpoint answered 410. */
  | { readonly kind: 'gone'; readonly at: number }
  | { readonly kind: 'enabled'; readonly at: number }
  | { readonly kind: 'disabled'; readonly at: number }
  | { readonly kind: 'edited'; readonly at: number };

export interface ProbeFailed {
  readonly kind: 'probe-failed';
  /** When the probe ended. */
  readonly at: number;
  /** The circuit that it was made for. */
  readonly openedAt: number;
  /** When it was due: with an edit meanwhile, another one is. */
  readonly dueAt: number;
  /** Which probe of that circuit it was, 1-based. */
  readonly probe: number;
  /** Until when the endpoint asked to wait with its answer; 0 where it didn't. */
  readonly notBefore: number;
}

type Step = 'stay' | 'open' | 'close' | 'switch-off' | 'back-off' | 'probe-now';

export const TRANSITIONS: Readonly<Record<Status, Readonly<Record<CircuitFact['kind'], Step>>>> = {
  active: {
    tripped: 'open',
    recovered: 'stay',
    'probe-failed': 'stay',
    gone: 'switch-off',
    enabled: 'stay',
    disabled: 'switch-off',
    edited: 'stay',
  },
  failed: {
    tripped: 'open',
    recovered: 'close',
    'probe-failed': 'back-off',
    gone: 'switch-off',
    enabled: 'close',
    disabled: 'switch-off',
    edited: 'probe-now',
  },
  inactive: {
    tripped: 'stay',
    recovered: 'stay',
    'probe-failed': 'stay',
    gone: 'stay',
    enabled: 'close',
    disabled: 'stay',
    edited: 'stay',
  },
};

/** The state after the fact; the same object when the fact changes nothing. */
export function reduceCircuit(state: CircuitState, fact: CircuitFact, policy: ProbePolicy): CircuitState {
  return STEPS[TRANSITIONS[state.status][fact.kind]](state, fact, policy);
}

const STEPS: Readonly<Record<Step, typeof reduceCircuit>> = {
  stay: (state) => state,
  open: (state, { at }, policy) => (state.circuit === null ? { status: 'failed', circuit: opened(at, policy) } : state),
  close: () => ({ status: 'active', circuit: null }),
  'switch-off': () => ({ status: 'inactive', circuit: null }),
  'back-off': (state, fact, policy) => (fact.kind === 'probe-failed' ? backedOff(state, fact, policy) : state),
  'probe-now': (state, { at }) =>
    state.circuit === null ? state : { ...state, circuit: { ...state.circuit, probes: 0, nextProbeAt: at } },
};

/** "3 s after the failure, then 6, 12, 24 s … up to 15 min": the pause before the next probe, after `probes` failed. */
export function probeDelayMs(probes: number, { firstProbeMs, maxProbeMs }: ProbePolicy): number {
  return Math.min(maxProbeMs, firstProbeMs * 2 ** Math.min(probes, MAX_DOUBLINGS));
}

/** Any first pause of a millisecond or more has reached any bound by then; keeps the number whole. */
export const MAX_DOUBLINGS = 30;

function opened(at: number, policy: ProbePolicy): Circuit {
  return { openedAt: at, probes: 0, nextProbeAt: at + probeDelayMs(0, policy) };
}

/**
 * "3 s after the failure, then 6, 12, 24 s …", or later where the endpoint asked to wait. One that failed before there
 * were circuits gets its first by the failure that its probe counts as, or else by the probe.
 */
function backedOff(
  state: CircuitState,
  { at, openedAt, dueAt, probe, notBefore }: ProbeFailed,
  policy: ProbePolicy,
): CircuitState {
  const circuit = state.circuit ?? { openedAt, nextProbeAt: dueAt };
  if (circuit.openedAt !== openedAt || circuit.nextProbeAt !== dueAt) return state;
  const nextProbeAt = Math.max(at + probeDelayMs(probe, policy), notBefore);
  return { ...state, circuit: { openedAt, probes: probe, nextProbeAt } };
}
