import { UNSEQUENCED_EVENT_TYPE } from '../../../services/shared/core/vocabulary.js';
import { Agenda } from './agenda.js';
import { callLifeCycle } from './call-life-cycle.js';
import { companyProfile, type CompanyProfile } from './company-profile.js';
import { createRandom, type Random } from './random.js';
import { isoOf, type LifeCycle, type Moment, type SimulatedEvent } from './simulated-event.js';
import { whatsappLifeCycle } from './whatsapp-life-cycle.js';

/**
 * The events of a contact platform: calls and WhatsApp conversations of several companies, many open at a time, in
 * order of time, exactly as many as asked for.
 *
 * Pure: the same options give the same events, ids included. The stream has a clock of its own, which begins at
 * `startAt` and which nobody has to keep pace with: a simulation at 2,000 events a second is a time-lapse. Every
 * conversation is told to its end, except that the last ones are cut where the count is reached.
 */
export interface LifeCycleOptions {
  readonly seed: number;
  readonly companies: readonly string[];
  /** How many events. */
  readonly events: number;
  /** Epoch ms at which the stream's clock begins; part of the event ids too, so that two runs with one seed don't share ids. */
  readonly startAt: number;
  /** How many calls and conversations are open at a time; 50 by default. */
  readonly open?: number;
}

/** A life-cycle of which some moments are still to come. */
interface OpenLifeCycle {
  readonly lifeCycle: LifeCycle;
  /** Index of the next moment. */
  next: number;
  /** The event_sequence that was given last. */
  sequence: number;
}

/** @throws RangeError when there is no company, or a count is negative */
export function* simulateEvents(options: LifeCycleOptions): Generator<SimulatedEvent, void, undefined> {
  const { seed, companies, events, startAt } = options;
  if (companies.length === 0) throw new RangeError('no company to simulate');
  if (!Number.isSafeInteger(events) || events < 0) throw new RangeError(`${events} is no number of events`);
  const random = createRandom(seed);
  const profiles = companies.map(companyProfile);
  const agenda = new Agenda<OpenLifeCycle>();
  let planned = 0;
  const begin = (at: number): void => {
    if (planned >= events) return;
    const lifeCycle = drawLifeCycle(profiles, at, random);
    const moments = lifeCycle.moments.slice(0, events - planned);
    planned += moments.length;
    agenda.put(at, { lifeCycle: { ...lifeCycle, moments }, next: 0, sequence: 0 });
  };
  for (let count = options.open ?? 50; count > 0; count -= 1) begin(startAt + random.whole(0, 60_000));
  const idPrefix = `evt_${startAt.toString(36)}`;
  for (let open = agenda.take(); open !== undefined; open = agenda.take()) {
    const { moments } = open.lifeCycle;
    const moment = moments[open.next] as Moment;
    yield eventOf(moment, open, `${idPrefix}_${random.identifier(12)}`);
    open.next += 1;
    const following = moments[open.next];
    if (following === undefined) begin(moment.at + random.whole(0, 10_000));
    else agenda.put(following.at, open);
  }
}

function drawLifeCycle(profiles: readonly CompanyProfile[], at: number, random: Random): LifeCycle {
  const company = random.pick(profiles);
  return random.chance(0.6) ? callLifeCycle(company, at, random) : whatsappLifeCycle(company, at, random);
}

/** Gives the moment its id and its place in the conversation. */
function eventOf(moment: Moment, open: OpenLifeCycle, eventId: string): SimulatedEvent {
  const { companyId, conversationId } = open.lifeCycle;
  return {
    eventId,
    eventType: moment.type,
    companyId,
    conversationId,
    occurredAt: isoOf(moment.at),
    eventSequence: moment.type === UNSEQUENCED_EVENT_TYPE ? null : (open.sequence += 1),
    data: moment.data,
  };
}
