import type { AgentProfile, CompanyProfile } from './company-profile.js';
import type { Random } from './random.js';

/** One leg that is dialled in a call. */
export interface Dial {
  readonly to: AgentProfile | 'customer';
  readonly answered: boolean;
  /** From the answer to the end; 0 where there is no answer. */
  readonly talkMs: number;
  readonly endReason: string;
  /** Begins while the leg before it talks (an agent on the line while the customer is dialled), not after it ended. */
  readonly whileTalking: boolean;
}

/** What will happen in a call. */
export interface CallPlan {
  readonly direction: 'inbound' | 'outbound';
  readonly dials: readonly Dial[];
  readonly endReason: string;
}

type Kind = 'answered' | 'outbound' | 'transferred' | 'unanswered' | 'menu-only';

/** As often as they stand here. */
const KINDS: readonly Kind[] = [
  ...(['answered', 'answered', 'answered', 'answered', 'outbound', 'outbound'] as const),
  ...(['transferred', 'unanswered', 'unanswered', 'menu-only'] as const),
];

/**
 * Draws the course of a call, of the kinds that a contact centre sees: answered (some after other agents let it
 * ring), transferred to a second agent, never answered, ended within the menu, dialled out.
 */
export function planCall(company: CompanyProfile, random: Random): CallPlan {
  const kind = random.pick(KINDS);
  const talkMs = random.whole(8_000, 240_000);
  const answering = (endReason: string): Dial => dial(random.pick(company.agents), talkMs, endReason);
  switch (kind) {
    case 'menu-only':
      return { direction: 'inbound', dials: [], endReason: 'completed' };
    case 'unanswered': {
      const dials = [...ignored(company, random, 1), ...ignored(company, random, 0)];
      return { direction: 'inbound', dials, endReason: random.pick(['no_answer', 'abandoned']) };
    }
    case 'answered':
      return inbound([...ignored(company, random, 0), answering('completed')]);
    case 'transferred':
      return inbound([answering('transferred'), answering('completed')]);
    case 'outbound': {
      const answered = random.chance(0.8);
      const customer = dial('customer', answered ? talkMs : 0, answered ? 'completed' : 'busy');
      const agent = dial(random.pick(company.agents), talkMs, 'completed');
      return {
        direction: 'outbound',
        dials: [agent, { ...customer, whileTalking: true }],
        endReason: customer.endReason,
      };
    }
  }
}

function inbound(dials: readonly Dial[]): CallPlan {
  return { direction: 'inbound', dials, endReason: 'completed' };
}

function dial(to: Dial['to'], talkMs: number, endReason: string): Dial {
  return { to, answered: talkMs > 0, talkMs, endReason, whileTalking: false };
}

/** Agents who let it ring: `least` to two of them, mostly few. */
function ignored(company: CompanyProfile, random: Random, least: number): Dial[] {
  const count = random.chance(0.7) ? least : random.whole(least, 2);
  return Array.from({ length: count }, () =>
    dial(random.pick(company.agents), 0, random.pick(['no_answer', 'rejected'])),
  );
}
