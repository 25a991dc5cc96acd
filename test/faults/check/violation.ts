/** The invariants, numbered as in the list that the scenarios refer to. */
export const INVARIANTS = {
  I1: 'nothing is lost',
  I2: 'nothing doubles but what was exposed',
  I3: 'no attempt beyond the planned ones',
  I4: 'a conversation keeps its order',
  I5: 'a retry waits its time',
  I6: 'a sick endpoint is nobody else’s problem',
  I7: 'recovers by itself, and consumes when it is alive',
  I8: 'no secret in clear',
  I9: 'no forbidden connection',
  I10: 'memory is bounded',
  I11: 'what failed is logged, nothing is invented, and nobody is Failed who is well',
  I12: 'a commit never goes back and never passes an unfinished record',
} as const;

export type Invariant = keyof typeof INVARIANTS;

export interface Violation {
  readonly invariant: Invariant;
  readonly what: string;
}

const SHOWN = 5;

/** One violation for many cases of a kind: their number and the first few. None for no case. */
export function violations(invariant: Invariant, kind: string, cases: readonly string[]): Violation[] {
  if (cases.length === 0) return [];
  const more = cases.length > SHOWN ? ', …' : '';
  return [{ invariant, what: `${cases.length} × ${kind}: ${cases.slice(0, SHOWN).join(', ')}${more}` }];
}
