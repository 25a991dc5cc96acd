import type { CallPlan, Dial } from './call-plan.js';
import type { CallLeg, DialledLeg } from './call-records.js';
import type { AgentProfile, Named } from './company-profile.js';
import type { Random } from './random.js';
import { isoOf } from './simulated-event.js';

/** A leg with its times (epoch ms). */
export interface Leg {
  readonly party: DialledLeg;
  readonly agent: AgentProfile | null;
  readonly startedAt: number;
  readonly answeredAt: number | null;
  readonly endedAt: number;
  readonly endReason: string;
}

/** Gives the dials of a plan their times. An inbound call's first leg is the customer's own, which nobody dials. */
export function placeLegs(plan: CallPlan, customerNumber: string, startAt: number, random: Random): readonly Leg[] {
  const legs: Leg[] = [];
  let at = startAt + random.whole(400, 9_000);
  for (const dial of plan.dials) {
    const leg = placeLeg(dial, legs.length + (plan.direction === 'inbound' ? 2 : 1), customerNumber, at, random);
    const before = legs.at(-1);
    if (dial.whileTalking && before !== undefined) legs[legs.length - 1] = { ...before, endedAt: leg.endedAt };
    legs.push(leg);
    const follower = plan.dials[legs.length];
    at = (follower?.whileTalking === true ? (leg.answeredAt ?? leg.endedAt) : leg.endedAt) + 150;
  }
  return legs;
}

/** The leg on which the customer called us. */
export function customerLeg(number: string, startAt: number, endAt: number, endReason: string): Leg {
  return {
    party: { leg_id: 'leg_1', type: 'customer', number, agent: null },
    agent: null,
    startedAt: startAt,
    answeredAt: startAt,
    endedAt: endAt,
    endReason,
  };
}

/** The leg as `call.end` tells it; `agent` is what is told of its agent. */
export function toCallLeg<Agent extends Named>(leg: Leg, agent: Agent | null): CallLeg<Agent> {
  const { leg_id, type, number } = leg.party;
  const { startedAt, answeredAt, endedAt } = leg;
  return {
    ...{ leg_id, type, number, agent },
    started_at: isoOf(startedAt),
    answered_at: answeredAt === null ? null : isoOf(answeredAt),
    ended_at: isoOf(endedAt),
    ring_seconds: secondsBetween(startedAt, answeredAt ?? endedAt),
    talk_seconds: answeredAt === null ? 0 : secondsBetween(answeredAt, endedAt),
    end_reason: leg.endReason,
  };
}

/** Whole seconds, rounded down. */
export function secondsBetween(fromMs: number, toMs: number): number {
  return Math.floor((toMs - fromMs) / 1_000);
}

function placeLeg(dial: Dial, number: number, customerNumber: string, at: number, random: Random): Leg {
  const agent = dial.to === 'customer' ? null : dial.to;
  const ringMs = dial.answered ? random.whole(1_500, 12_000) : random.whole(15_000, 22_000);
  return {
    party: {
      leg_id: `leg_${number}`,
      type: agent === null ? 'customer' : 'agent',
      number: agent?.extension ?? customerNumber,
      agent: agent === null ? null : { id: agent.id, name: agent.name },
    },
    agent,
    startedAt: at,
    answeredAt: dial.answered ? at + ringMs : null,
    endedAt: at + ringMs + dial.talkMs,
    endReason: dial.endReason,
  };
}
