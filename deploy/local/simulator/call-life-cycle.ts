import { customerLeg, placeLegs, secondsBetween, toCallLeg, type Leg } from './call-legs.js';
import { planCall, type CallPlan } from './call-plan.js';
import type { CallEnd, CallParties, Ivr } from './call-records.js';
import type { CompanyProfile, Named } from './company-profile.js';
import type { Random } from './random.js';
import { isoOf, type LifeCycle, type Moment } from './simulated-event.js';

/**
 * Makes one call from its first channel to its disposition.
 *
 * `call.initiated`, then `call.dial_begin` and perhaps `call.answered` for each leg that is dialled, `call.end`,
 * `call.summary`, and for most calls that an agent took `call.disposition`. Whatever is told twice (a leg's times, the
 * length of the talk) is told alike.
 */
interface Call {
  readonly parties: CallParties;
  readonly plan: CallPlan;
  readonly ivr: Ivr | null;
  readonly queue: Named | null;
  readonly legs: readonly Leg[];
  readonly startAt: number;
  readonly endAt: number;
}

const DISPOSITIONS = ['interested', 'resolved', 'call-back', 'not-interested', 'wrong-number'];

/** @param startAt epoch ms of the first moment */
export function callLifeCycle(company: CompanyProfile, startAt: number, random: Random): LifeCycle {
  const plan = planCall(company, random);
  const customer = `+1650555${String(random.whole(0, 9_999)).padStart(4, '0')}`;
  const dialled = placeLegs(plan, customer, startAt, random);
  const endAt = Math.max(startAt + random.whole(4_000, 20_000), ...dialled.map(({ endedAt }) => endedAt));
  const inbound = plan.direction === 'inbound';
  const call: Call = {
    parties: {
      call_id: `call_${random.identifier(12)}`,
      direction: plan.direction,
      from_number: inbound ? customer : company.phoneNumber,
      to_number: inbound ? company.phoneNumber : customer,
    },
    plan,
    ivr: inbound ? { ...company.ivr, pressed_keys: [String(random.whole(1, 3)), String(random.whole(1, 9))] } : null,
    queue: inbound && dialled.length > 0 ? random.pick(company.queues) : null,
    legs: inbound ? [customerLeg(customer, startAt, endAt, plan.endReason), ...dialled] : dialled,
    startAt,
    endAt,
  };
  const moments = [initiated(call), ...dialled.flatMap((leg) => dialling(leg, call))];
  moments.sort((one, other) => one.at - other.at);
  moments.push(...ending(call, company, random));
  return { companyId: company.companyId, conversationId: call.parties.call_id, moments };
}

function initiated({ parties, startAt }: Call): Moment {
  const data = { ...parties, queue: null, ivr: null, initiated_at: isoOf(startAt) };
  return { type: 'call.initiated', at: startAt, data };
}

function dialling({ party, startedAt, answeredAt }: Leg, { parties, queue }: Call): Moment[] {
  const begun = { ...parties, queue, leg: party, dial_started_at: isoOf(startedAt) };
  const begin: Moment = { type: 'call.dial_begin', at: startedAt, data: begun };
  if (answeredAt === null) return [begin];
  const ring_seconds = secondsBetween(startedAt, answeredAt);
  const data = { ...parties, queue, leg: party, answered_at: isoOf(answeredAt), ring_seconds };
  return [begin, { type: 'call.answered', at: answeredAt, data }];
}

function ending(call: Call, company: CompanyProfile, random: Random): Moment[] {
  const { parties, legs, endAt } = call;
  const end = callEnd(call, random);
  const { metadata, ...told } = end;
  const agent = legs.findLast((leg) => leg.agent !== null && leg.answeredAt !== null)?.agent ?? null;
  const department = agent === null ? null : random.pick(company.departments);
  const moments: Moment[] = [
    { type: 'call.end', at: endAt, data: end },
    {
      type: 'call.summary',
      at: endAt + random.whole(500, 4_000),
      data: { ...told, legs: legs.map((leg) => toCallLeg(leg, leg.agent)), agent, department, metadata },
    },
  ];
  if (agent !== null && random.chance(0.7)) {
    const at = endAt + random.whole(5_000, 60_000);
    const disposition = { tag: random.pick(DISPOSITIONS), note: random.chance(0.3) ? 'Wants to be called back' : null };
    const submittedBy = { id: agent.id, name: agent.name };
    const data = { ...parties, disposition, agent: submittedBy, submitted_at: isoOf(at) };
    moments.push({ type: 'call.disposition', at, data });
  }
  return moments;
}

function callEnd({ parties, plan, ivr, queue, legs, startAt, endAt }: Call, random: Random): CallEnd {
  const farSide = parties.direction === 'inbound' ? 'agent' : 'customer';
  const talks = legs.filter(({ party, answeredAt }) => party.type === farSide && answeredAt !== null);
  const talkedFrom = talks[0]?.answeredAt ?? null;
  const talk_seconds = talks.reduce((sum, leg) => sum + secondsBetween(leg.answeredAt ?? 0, leg.endedAt), 0);
  return {
    ...parties,
    ...{ queue, ivr },
    started_at: isoOf(startAt),
    answered_at: talkedFrom === null ? null : isoOf(talkedFrom),
    ended_at: isoOf(endAt),
    duration_seconds: secondsBetween(startAt, endAt),
    wait_seconds: secondsBetween(startAt, talkedFrom ?? endAt),
    talk_seconds,
    hold_seconds: talk_seconds > 60 && random.chance(0.2) ? random.whole(5, 30) : 0,
    end_reason: plan.endReason,
    ended_by: random.pick(['agent', 'customer', 'customer', 'system'] as const),
    legs: legs.map((leg) => toCallLeg(leg, leg.party.agent)),
    recording:
      talk_seconds === 0
        ? null
        : { url: `https://recordings.example/${parties.call_id}.mp3`, duration_seconds: talk_seconds },
    metadata: random.chance(0.4) ? { order_number: `A-${random.whole(10_000, 99_999)}` } : {},
  };
}
