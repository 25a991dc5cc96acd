import { UNSEQUENCED_EVENT_TYPE } from '../../../services/shared/core/vocabulary.js';
import { callLifeCycle } from './call-life-cycle.js';
import { companyProfile, type CompanyProfile } from './company-profile.js';
import { createRandom, type Random } from './random.js';
import { isoOf, type LifeCycle, type SimulatedEvent } from './simulated-event.js';
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
  /** Epoch ms of the first event; part of the event ids too, so that two runs with one seed don't share ids. */
  readonly startAt: number;
  /** How many calls and conversations are open at a time; 50 by default. */
  readonly open?: number;
}

interface OpenLifeCycle {
  readonly lifeCycle: LifeCycle;
  next: number;
  sequence: number;
}

/** @throws RangeError when there is no company, or a count is negative */
export function* simulateEvents(options: LifeCycleOptions): Generator<SimulatedEvent, void, undefined> {
  const { seed, companies, events, startAt } = options;
  if (companies.length === 0) throw new RangeError('no company to simulate');
  if (!Number.isSafeInteger(events) || events < 0) throw new RangeError(`${events} is no number of events`);
  const random = createRandom(seed);
  const profiles = companies.map(companyProfile);
  const open: OpenLifeCycle[] = [];
  let planned = 0;
  const begin = (at: number): void => {
    if (planned >= events) return;
    const lifeCycle = drawLifeCycle(profiles, at, random);
    const moments = lifeCycle.moments.slice(0, events - planned);
    planned += moments.length;
    open.push({ lifeCycle: { ...lifeCycle, moments }, next: 0, sequence: 0 });
  };
  for (let count = options.open ?? 50; count > 0; count -= 1) begin(startAt + random.whole(0, 60_000));
  const idPrefix = `evt_${startAt.toString(36)}`;
  for (let earliest = earliestOf(open); earliest !== undefined; earliest = earliestOf(open)) {
    const { event, at, ended } = advance(earliest, idPrefix, random);
    yield event;
    if (!ended) continue;
    open.splice(open.indexOf(earliest), 1);
    begin(at + random.whole(0, 10_000));
  }
}

function drawLifeCycle(profiles: readonly CompanyProfile[], at: number, random: Random): LifeCycle {
  const company = random.pick(profiles);
  return random.chance(0.6) ? callLifeCycle(company, at, random) : whatsappLifeCycle(company, at, random);
}

/** The open life-cycle whose next moment comes first; the one begun first among equals. */
function earliestOf(open: readonly OpenLifeCycle[]): OpenLifeCycle | undefined {
  let earliest: OpenLifeCycle | undefined;
  for (const candidate of open) {
    if (earliest === undefined || nextAt(candidate) < nextAt(earliest)) earliest = candidate;
  }
  return earliest;
}

function nextAt({ lifeCycle, next }: OpenLifeCycle): number {
  return lifeCycle.moments[next]?.at ?? Number.POSITIVE_INFINITY;
}

function advance(
  open: OpenLifeCycle,
  idPrefix: string,
  random: Random,
): { readonly event: SimulatedEvent; readonly at: number; readonly ended: boolean } {
  const { companyId, conversationId, moments } = open.lifeCycle;
  const moment = moments[open.next];
  if (moment === undefined) throw new RangeError('the life-cycle has ended');
  open.next += 1;
  const event: SimulatedEvent = {
    eventId: `${idPrefix}_${random.identifier(12)}`,
    eventType: moment.type,
    companyId,
    conversationId,
    occurredAt: isoOf(moment.at),
    eventSequence: moment.type === UNSEQUENCED_EVENT_TYPE ? null : (open.sequence += 1),
    data: moment.data,
  };
  return { event, at: moment.at, ended: open.next === moments.length };
}
