import { describe, expect, test } from '@jest/globals';
import { jobIdOf } from '../../../services/shared/core/job.js';
import type { OffsetMap } from '../../../services/shared/core/offset-map.js';
import { findStale } from '../../faults/check/find-stale.js';
import { findTaken } from '../../faults/check/find-taken.js';
import { findUsed } from '../../faults/check/find-used.js';
import { judge } from '../../faults/check/judge.js';
import type { Entry, Fault, History, Post, Produced, Rules } from '../../faults/history.js';

/**
 * A checker that can't fail is worth nothing: a history in which all is well, and for each invariant one that breaks it
 * in the smallest way.
 */
const RULES: Rules = {
  attempts: 3,
  retryDelayMs: 3_000,
  recoverWithinMs: 60_000,
  rssLimitMb: 512,
  ordered: true,
  groups: {
    call: { id: 'calls', topic: 'events' },
    whatsapp: { id: 'chats', topic: 'messages' },
    delivery: { id: 'delivery', topic: 'dispatch' },
    overflow: { id: 'overflows', topic: 'overflow' },
    retry: { id: 'retries', topic: 'retry' },
    retryLong: { id: 'long-retries', topic: 'long' },
  },
  answersLost: false,
  sick: new Set(),
  givingUp: new Set(),
};

const COMPANY = 'co_a';
const HOOK = 'wh_a';
const jobOf = (eventId: string): string => jobIdOf(COMPANY, eventId, HOOK);

function produced(eventId: string, sequence: number, overrides: Partial<Produced> = {}): Produced {
  return {
    eventId,
    eventType: 'call.initiated',
    companyId: COMPANY,
    conversationId: 'call_1',
    sequence,
    at: 1_000 + sequence,
    acked: true,
    knownAt: 1_010 + sequence,
    ...overrides,
  };
}

function post(eventId: string, arrivedAt: number, overrides: Partial<Post> = {}): Post {
  return {
    webhookId: HOOK,
    jobId: jobOf(eventId),
    eventId,
    attempt: 1,
    arrivedAt,
    completedAt: arrivedAt + 5,
    status: 200,
    answeredAfterMs: 0,
    asksToWait: false,
    ...overrides,
  };
}

function entry(eventId: string, attempt: number, followUp: Entry['followUp']): Entry {
  return { jobId: jobOf(eventId), attempt, followUp };
}

const EVENTS = { topic: 'events', partition: 0, offset: 0 };
const record = (eventId: string, offset: number, attempt = 1) => ({
  topic: 'dispatch',
  partition: 0,
  offset,
  at: 1_050,
  source: EVENTS,
  jobId: jobOf(eventId),
  attempt,
  postponed: 0,
});
const commit = (at: number, offset: number, map?: OffsetMap) => ({
  ...{ at, seenAt: at + 5, group: 'delivery', topic: 'dispatch', partition: 0, offset, map },
});
const EVENTS_COMMITTED = { ...commit(1_060, 5), ...{ group: 'calls', topic: EVENTS.topic } };
/** A commit at 0 of which only the first record hasn't finished. */
const allButFirst: OffsetMap = { upTo: 2, incomplete: [{ from: 0, to: 1 }] };
const fault = (endedAt: number, exposed: number, doubles: Fault['doubles'] = ['deliveries', 'jobs']) => ({
  ...{ name: 'kill -9', at: endedAt, endedAt, exposed, doubles },
});

/** Event 1 is delivered at once, event 2 fails once and is delivered 3 s later. */
const WELL: History = {
  produced: [produced('e1', 1), produced('e2', 2)],
  stored: new Map([
    ['e1', 1],
    ['e2', 1],
  ]),
  subscriptions: [{ webhookId: HOOK, companyId: COMPANY, events: ['call.initiated'] }],
  posts: [post('e1', 1_100), post('e2', 1_200, { status: 500 }), post('e2', 4_210, { attempt: 2 })],
  entries: [entry('e2', 1, 'retry')],
  held: [],
  everHeld: new Set(),
  letters: [],
  records: [record('e1', 0), record('e2', 1), record('e2', 2, 2)],
  lives: [],
  commits: [commit(1_150, 0), commit(1_300, 1), commit(4_300, 3)],
  faults: [],
  processes: [{ name: 'delivery', retired: false, running: true, peakRssMb: 150, selfEnded: 0 }],
  stops: [],
  lag: new Map([['delivery', 0]]),
  leaks: [],
  forbiddenConnections: 0,
};

test('a history in which all is well breaks nothing', () => {
  expect(judge(WELL, RULES)).toEqual({ events: 2, lost: 0, doubled: 0, bound: 0, recoveryMs: 0, violations: [] });
});

describe('a history that breaks one invariant', () => {
  const broken: [string, string, Partial<History>, RegExp][] = [
    ['I1', 'an event never arrives', { posts: WELL.posts.slice(1) }, /without an end: e1/],
    ['I1', 'the last attempt failed and nobody says so', { posts: WELL.posts.slice(0, 2) }, /without an end: e2/],
    ['I1', 'an event is held for ever', { posts: WELL.posts.slice(1), held: [{ jobId: jobOf('e1') }] }, /still held/],
    ['I1', 'an event arrives that nobody produced', { posts: [...WELL.posts, post('e9', 9_000)] }, /never owed/],
    ['I1', 'Kafka has forgotten what it acknowledged', { stored: new Map([['e2', 1]]) }, /not in its topic: e1/],
    ['I1', 'a well endpoint’s event used up its attempts', exhausted(), /although its endpoint was well: e2/],
    ['I1', 'a well endpoint’s event was dropped', dropped(), /given up although its endpoint was well: e1/],
    ['I1', 'a well endpoint’s event was parked', parked(), /given up although its endpoint was well: e1/],
    ['I2', 'a success is posted again without a fault', { posts: [...WELL.posts, post('e1', 1_500)] }, /1 deliveries/],
    ['I2', 'a fault doubles more than was in doubt', doubledTwice(), /3 deliveries were repeated, where 2/],
    ['I2', 'a fault of others than delivery doubles deliveries', doubledBy('jobs'), /2 deliveries .* where 0 may/],
    ['I2', 'a fault of delivery makes jobs again', storedTwice(1, 'deliveries'), /1 jobs were made again, where 0/],
    ['I2', 'a job is made again that was not exposed', storedTwice(0), /1 jobs were made again, where 0/],
    ['I2', 'a job is made again after its event was committed', madeAgainLate(), /1 jobs were made again, where 0/],
    ['I2', 'a job of a retry is made again after its wait was committed', retryMadeAgain(), /1 jobs were .* where 0/],
    ['I2', 'a fault doubles more than was exposed', doubledWith(1), /2 deliveries were repeated, where 1/],
    ['I2', 'a wait is written again without another attempt', waitsTwice(0), /1 waits or moves .* where 0/],
    ['I2', 'waits that stand twice explain no second POST', waitsTwice(0), /1 deliveries .* 0 stood in their lane/],
    ['I2', 'a job moves to the overflow twice', movedTwice(0), /1 waits or moves .* where 0/],
    ['I2', 'an event that stands twice has one job', storedButNotMade(), /1 deliveries .* 0 stood in their lane/],
    ['I2', 'a job that was put back made twice', putBack('dispatch'), /1 jobs were made again, where 0/],
    ['I3', 'a fourth attempt', withFourth(), /beyond the planned/],
    [
      'I3',
      'attempt 3 follows attempt 1',
      { posts: [...WELL.posts, post('e1', 9_000, { attempt: 3 })] },
      /without the one/,
    ],
    ['I3', 'given up at attempt 2', exhausted(2), /before the last attempt: .*:2/],
    ['I4', 'the second event of a call comes first', { posts: [...WELL.posts.slice(1), post('e1', 1_250)] }, /order/],
    ['I5', 'a retry comes after 2.9 s', { posts: [...WELL.posts.slice(0, 2), retryAt(4_100)] }, /by 100 ms/],
    [
      'I7',
      'a backlog takes 61 s',
      { faults: [fault(1_100, 0)], posts: [...WELL.posts.slice(1), late()] },
      /after 61000/,
    ],
    [
      'I7',
      'an event takes 61 s, and no fault tells why',
      { posts: [...WELL.posts.slice(1), late()] },
      /e1 after 61099/,
    ],
    [
      'I7',
      'an event is stuck over many short faults',
      { faults: dense(), posts: [...WELL.posts.slice(1), late()] },
      /took too long: e1 after 61099 ms, 61 of them/,
    ],
    ['I7', 'two faults at once last no longer than one', outlasted(64_500), /e1 after 63499 ms, 2900 of them/],
    ['I7', 'a process ended by itself', { processes: [{ ...alive(), selfEnded: 2 }] }, /by itself: delivery 2 times/],
    ['I7', 'a process that was asked to end did it in disorder', { stops: [{ as: 'a', code: 1, ms: 9 }] }, /a with 1/],
    ['I7', 'a process is gone', { processes: [{ ...alive(), running: false }] }, /does not run/],
    ['I7', 'a process lives and does not consume', { lag: new Map([['delivery', 7]]) }, /delivery 7/],
    ['I8', 'a secret stands in a log', { leaks: ['log of delivery'] }, /log of delivery/],
    ['I9', 'something connected to the metadata address', { forbiddenConnections: 1 }, /forbidden connection/],
    ['I10', 'a process grew', { processes: [{ ...alive(), peakRssMb: 513 }] }, /delivery 513 MB/],
    ['I11', 'a failed attempt is not logged', { entries: [] }, /not logged/],
    [
      'I11',
      'an attempt that was cut is not logged, and nobody died',
      { ...cut(), faults: [fault(1_150, 1, ['jobs'])] },
      /not logged/,
    ],
    ['I11', 'an entry was invented', { entries: [...WELL.entries, entry('e9', 1, 'retry')] }, /not owed/],
    [
      'I11',
      'a well endpoint’s event was held',
      { everHeld: new Set([jobOf('e1')]) },
      /although its endpoint was well: e1/,
    ],
    ['I12', 'a commit goes back', { commits: [...WELL.commits, commit(5_000, 2)] }, /from 3 to 2/],
    ['I12', 'a commit tells of what was not posted', { commits: [commit(1_150, 0, allButFirst)] }, /e2|msg_/],
    ['I12', 'a commit of the overflow lane passes what was not posted', overflowCommitted(4_000), /msg_\S+:2 at 0\/0/],
    ['I12', 'a commit passes an event before its job is written', eventCommitted(1_030), /made of yet: msg_\S+:1 at/],
    ['I12', 'a commit passes a wait before its job is written', waitCommitted(4_100), /made of yet: msg_\S+:2 at/],
    ['I12', 'a commit passes what was not answered yet', answeredAfter(400), /answered yet: msg_\S+:1 at 0\/0/],
    ['I12', 'a commit passes what was not posted', { commits: [commit(1_150, 2), commit(4_300, 3)] }, /e2|msg_/],
  ];
  test.each(broken)('%s: %s', (invariant, _, change, what) => {
    const { violations } = judge({ ...WELL, ...change }, RULES);
    const found = violations.filter((violation) => violation.invariant === invariant);
    expect(found.map((violation) => violation.what).join('\n')).toMatch(what);
  });
});

describe('what is no violation', () => {
  const byPlan: Partial<Rules> = { givingUp: new Set([HOOK]) };
  const allowed: [string, Partial<History>, Partial<ReturnType<typeof judge>>, ...Partial<Rules>[]][] = [
    [
      'an event that was not acknowledged and not stored',
      { produced: [...WELL.produced, produced('e3', 3, { acked: false })] },
      { events: 3 },
    ],
    ['a dead letter is an end', parked(), {}, byPlan],
    ['an event that used up its attempts is at its end', exhausted(), {}, byPlan],
    ['what was delivered, and by a double given up', { entries: [...WELL.entries, entry('e1', 3, 'exhausted')] }, {}],
    ['an event takes as long as the fault that it met, and a minute', outlasted(63_900), { recoveryMs: 59_999 }],
    ['a commit as soon as the answer may be there', answeredAfter(195), {}],
    ['a commit before an attempt that was left would have been answered', leftUnanswered(), {}],
    ['as many doubles as were exposed', doubledWith(2), { doubled: 2, bound: 2 }],
    [
      'as many as were in doubt when all were killed, committed half a minute later',
      killed(),
      { doubled: 1, bound: 1 },
    ],
    ['the retry of a doubled attempt is no repetition of its own', doubledRetry(), { doubled: 2, bound: 1 }],
    ['a job that was exposed stands twice, and doubles one delivery', storedTwice(1), { doubled: 1, bound: 2 }],
    ['an attempt that was made again, and its retry after it', retriedTwice(), { doubled: 2 }],
    ['an event that stands twice is made into jobs twice', producedTwice(), { doubled: 1, bound: 1 }],
    [
      'an attempt that was cut when its process died is not logged',
      { ...cut(), faults: [fault(1_150, 1)] },
      { doubled: 1 },
    ],
    ['a wait of an attempt that was exposed is written again', waitsTwice(1), { doubled: 1 }],
    ['a job that was exposed moves twice', movedTwice(1), {}],
    ['a wait goes round in the topic of long waits', putBack('long'), {}],
    ['a commit of the overflow lane after the POST', overflowCommitted(4_300), {}],
    ['a commit as soon as the job of its event is there', eventCommitted(1_045), {}],
    ['a commit as soon as the job of its wait is there', waitCommitted(4_195), {}],
    ['a job that is dated by a clock ahead', { ...eventCommitted(1_030), records: ahead() }, {}],
    ['of two waits nobody knows which is whose', { ...waitCommitted(4_100), ...waitsTwice(1) }, { doubled: 1 }],
    ['an endpoint that asked to wait gets the same attempt again', asked(), { doubled: 0 }],
    [
      'what was held owes no pause',
      { entries: [entry('e2', 1, 'held')], posts: [...WELL.posts.slice(0, 2), retryAt(1_300)] },
      {},
    ],
    [
      'a double after a kill may come out of order',
      { faults: [fault(1_150, 1)], posts: [...WELL.posts, post('e1', 1_300)] },
      { doubled: 1 },
    ],
    ['what left for the overflow topic may be committed', overflowed(), {}],
    ['a backlog that is caught up within a minute', { faults: [fault(1_100, 0)] }, { recoveryMs: 198 }],
  ];
  test.each(allowed)('%s', (_, change, verdict, ...rules) => {
    expect(judge({ ...WELL, ...change }, Object.assign({}, RULES, ...rules) as Rules)).toMatchObject({
      lost: 0,
      violations: [],
      ...verdict,
    });
  });
});

test('an event that was not acknowledged but stored has to arrive all the same', () => {
  const maybe = produced('e3', 3, { acked: false });
  const history = { ...WELL, produced: [...WELL.produced, maybe], stored: new Map([...WELL.stored, ['e3', 1]]) };
  expect(judge(history, RULES)).toMatchObject({ lost: 1 });
});

function alive(): History['processes'][number] {
  return { name: 'delivery', retired: false, running: true, peakRssMb: 150, selfEnded: 0 };
}

function retryAt(arrivedAt: number): Post {
  return post('e2', arrivedAt, { attempt: 2 });
}

function late(): Post {
  return post('e1', 1_100 + 61_000);
}

function doubledWith(exposed: number): Partial<History> {
  return { faults: [fault(1_150, exposed)], posts: [...WELL.posts, post('e1', 1_300), retryAt(4_400)] };
}

function killed(): Partial<History> {
  const posts = [post('e1', 1_100), post('e1', 32_000), post('e2', 32_010, { status: 500 })];
  return {
    faults: [fault(1_200, 100)],
    posts: [...posts, post('e2', 35_020, { attempt: 2 })],
    commits: [commit(1_050, 0), commit(32_100, 2), commit(35_200, 3)],
  };
}

/** Much was exposed, but two deliveries at a time were posted and not committed. */
function doubledTwice(): Partial<History> {
  const { posts = [], ...others } = doubledWith(100);
  return { ...others, posts: [...posts, post('e1', 1_310)] };
}

function doubledRetry(): Partial<History> {
  const again = [post('e2', 1_300, { status: 500 }), retryAt(4_320)];
  return { faults: [fault(1_250, 1)], posts: [...WELL.posts, ...again] };
}

function doubledBy(...doubles: Fault['doubles']): Partial<History> {
  return { ...doubledWith(100), faults: [fault(1_150, 100, doubles)] };
}

function storedTwice(exposed: number, ...doubles: Fault['doubles']): Partial<History> {
  return {
    faults: [fault(1_050, exposed, ...(doubles.length === 0 ? [] : [doubles]))],
    records: [...WELL.records, record('e1', 3)],
    posts: [...WELL.posts, post('e1', 1_300)],
  };
}

/** Its process died after the retry was written: two waits, two jobs of them. */
function retriedTwice(): Partial<History> {
  const wait = { ...record('e2', 0, 2), topic: 'retry' };
  const made = { ...record('e2', 2, 2), at: 4_200 };
  return {
    faults: [fault(1_250, 1)],
    records: [...WELL.records.slice(0, 2), wait, { ...wait, offset: 1, at: 1_350 }, made, { ...made, offset: 3 }],
    commits: [commit(1_150, 1), ...WELL.commits.slice(2), EVENTS_COMMITTED],
    posts: [...WELL.posts, post('e2', 1_300, { status: 500 }), retryAt(4_320)],
  };
}

function producedTwice(): Partial<History> {
  const again = { ...record('e1', 3), source: { ...EVENTS, offset: 9 } };
  return {
    ...storedTwice(0),
    stored: new Map([...WELL.stored, ['e1', 2]]),
    records: [...WELL.records, again],
  };
}

/** Much was exposed, but what had been made of these events was committed long before. */
function madeAgainLate(): Partial<History> {
  return { ...storedTwice(100), faults: [fault(20_000, 100)], commits: [...WELL.commits, EVENTS_COMMITTED] };
}

function retryMadeAgain(): Partial<History> {
  const wait = { ...record('e2', 0, 2), topic: 'retry' };
  const committed = { ...commit(4_205, 1), ...{ group: 'retries', topic: 'retry' } };
  const made = { ...record('e2', 2, 2), at: 4_200 };
  return {
    faults: [fault(20_000, 100)],
    records: [...WELL.records.slice(0, 2), wait, made, { ...made, offset: 3, at: 21_000 }],
    commits: [...WELL.commits, EVENTS_COMMITTED, committed],
    posts: [...WELL.posts, retryAt(21_050)],
  };
}

/** Its process was killed before it could commit: `exposed` of them. */
function waitsTwice(exposed: number): Partial<History> {
  const wait = { ...record('e2', 0, 2), topic: 'retry', at: 1_210 };
  return {
    faults: [fault(1_250, exposed)],
    records: [...WELL.records, wait, { ...wait, offset: 1, at: 1_320 }],
    posts: [...WELL.posts, post('e1', 1_300)],
  };
}

function movedTwice(exposed: number): Partial<History> {
  const moved = { ...record('e1', 0), topic: 'overflow', at: 1_060 };
  return { faults: [fault(1_080, exposed)], records: [...WELL.records, moved, { ...moved, offset: 1 }] };
}

function storedButNotMade(): Partial<History> {
  return { ...producedTwice(), records: WELL.records };
}

/** A retry that was put back once; `topic`: what stands twice. */
function putBack(topic: 'long' | 'dispatch'): Partial<History> {
  const wait = { ...record('e2', 0, 2), topic: 'long' };
  const made = record('e2', 3, 2);
  return {
    records: [...WELL.records, wait, { ...wait, offset: 1 }, ...(topic === 'dispatch' ? [made] : [])],
  };
}

function overflowCommitted(at: number): Partial<History> {
  const moved = { ...record('e2', 0, 2), topic: 'overflow', at: 1_300 };
  const committed = { ...commit(at, 1), ...{ group: 'overflows', topic: 'overflow' } };
  return { records: [...WELL.records.slice(0, 2), moved], commits: [...WELL.commits, committed] };
}

function eventCommitted(at: number): Partial<History> {
  return { commits: [...WELL.commits, { ...EVENTS_COMMITTED, at }] };
}

function waitCommitted(at: number): Partial<History> {
  const wait = { ...record('e2', 0, 2), topic: 'retry', at: 1_210 };
  const committed = { ...commit(at, 1), ...{ group: 'retries', topic: 'retry' } };
  return {
    records: [...WELL.records.slice(0, 2), wait, { ...record('e2', 2, 2), at: 4_200 }],
    commits: [...WELL.commits, committed],
  };
}

function ahead(): History['records'] {
  return WELL.records.map((one) => ({ ...one, at: one.at + 3_600_000 }));
}

function overflowed(): Partial<History> {
  const moved = { ...record('e2', 0), topic: 'overflow' };
  return { commits: [commit(1_150, 2), commit(4_300, 3)], records: [...WELL.records, moved] };
}

/** Event 2 fails so many attempts, and is given up. */
function exhausted(attempts = 3): Partial<History> {
  const failed = Array.from({ length: attempts }, (_, index) => index + 1);
  return {
    posts: [
      post('e1', 1_100),
      ...failed.map((attempt) => post('e2', 1_200 + (attempt - 1) * 3_010, { attempt, status: 500 })),
    ],
    entries: failed.map((attempt) => entry('e2', attempt, attempt === attempts ? 'exhausted' : 'retry')),
  };
}

function dropped(): Partial<History> {
  return { posts: WELL.posts.slice(1), entries: [...WELL.entries, entry('e1', 1, 'dropped')] };
}

function parked(): Partial<History> {
  return { posts: WELL.posts.slice(1), letters: [{ eventId: 'e1', digest: '' }] };
}

/** Each of them for a millisecond, every second: whatever arrives was produced long before the last of them. */
function dense(): History['faults'] {
  return Array.from({ length: 62 }, (_, second) => ({
    ...fault(1_101 + second * 1_000, 1),
    at: 1_100 + second * 1_000,
  }));
}

/** Two faults at once, from 1.1 to 4 s together, and a short one much later. */
function outlasted(arrivedAt: number): Partial<History> {
  const faults = [{ ...fault(3_000, 0), at: 1_100 }, { ...fault(4_000, 0), at: 2_000 }, fault(40_000, 0)];
  return { faults, commits: [], posts: [post('e1', arrivedAt), post('e2', arrivedAt)], entries: [] };
}

/** Event 1 arrives at 1.1 s, and a commit beyond it is written at 1.3 s. */
function answeredAfter(answeredAfterMs: number): Partial<History> {
  return { posts: [post('e1', 1_100, { answeredAfterMs }), ...WELL.posts.slice(1)] };
}

function leftUnanswered(): Partial<History> {
  const left = post('e1', 1_100, { status: undefined, completedAt: 1_290, answeredAfterMs: 5_000 });
  return {
    posts: [left, post('e1', 4_310, { attempt: 2 }), ...WELL.posts.slice(1)],
    entries: [entry('e1', 1, 'retry'), ...WELL.entries],
  };
}

/** Twice, and its third attempt succeeds: the second stands in no log. */
function cut(): Partial<History> {
  const left = post('e1', 1_100, { status: undefined, completedAt: 1_140 });
  return {
    posts: [
      left,
      { ...left, arrivedAt: 1_200, completedAt: 1_240 },
      post('e1', 4_310, { attempt: 2 }),
      ...WELL.posts.slice(1),
    ],
  };
}

function withFourth(): Partial<History> {
  const { posts, entries } = exhausted();
  return { posts: [...(posts ?? []), post('e2', 10_300, { attempt: 4 })], entries: entries ?? [] };
}

function asked(): Partial<History> {
  return {
    posts: [post('e1', 1_100), post('e2', 1_200, { status: 429, asksToWait: true }), post('e2', 6_300)],
  };
}

test('faults double no more than is promised of them on the average', () => {
  const told = (others: number): string[] => {
    const faults = [fault(1_150, 2), ...Array.from({ length: others }, () => fault(0, 0))];
    return whatOf({ ...doubledWith(2), faults }, { doublesPerFault: 0.05 });
  };
  expect(told(19)).toEqual(['2 deliveries were repeated, where 1 may be and 0 stood in their lane again']);
  expect(told(39)).toEqual([]);
});

test.each([
  ['may repeat what was under way when it struck, for however long', 1_250, 1_240, 1, []],
  ['may repeat what was over for as long as a commit may take', 1_105, 1_250, 145, []],
  [
    'may not repeat what was over for longer',
    1_105,
    1_250,
    144,
    ['1 deliveries were repeated, where 0 may be and 0 stood in their lane again'],
  ],
  [
    'may not repeat what arrived after it struck',
    1_105,
    1_090,
    145,
    ['1 deliveries were repeated, where 0 may be and 0 stood in their lane again'],
  ],
])('a kill %s', (_what, completedAt, killedAt, committedWithinMs, told) => {
  const history = {
    faults: [fault(killedAt, 1)],
    posts: [post('e1', 1_100, { completedAt }), ...WELL.posts.slice(1), post('e1', 1_350)],
    commits: [commit(1_220, 0, allButFirst), commit(1_300, 1), commit(4_210, 3)],
  };
  expect(whatOf(history, { committedWithinMs, doublesPerFault: 0 })).toEqual(told);
});

test('a kill makes no job again that was to be committed before it', () => {
  const history = { ...storedTwice(1), faults: [fault(1_055, 1)] };
  const told = (committedWithinMs: number) => whatOf(history, { committedWithinMs, doublesPerFault: 0 });
  expect(told(5)).toEqual([]);
  expect(told(4)).toEqual(['1 jobs were made again, where 0 may be']);
});

function whatOf(history: Partial<History>, rules: Partial<Rules>): string[] {
  return judge({ ...WELL, ...history }, { ...RULES, ...rules }).violations.map(({ what }) => what);
}

test('a job is written again for an answer that may have been lost, and for none else', () => {
  const again = { ...WELL, ...storedTwice(0), commits: [] };
  const verdict = (endedAt: number): unknown =>
    judge({ ...again, faults: [fault(endedAt, 0)] }, { ...RULES, answersLost: true }).violations;
  expect(verdict(2_000)).toEqual([]);
  expect(verdict(2_100)).toEqual([{ invariant: 'I2', what: '1 jobs were made again, where 0 may be' }]);
});

test('a backlog that a second fault prolongs is the second one’s, and the figure tells what its event took beyond both', () => {
  const faults = [fault(1_050, 1), { ...fault(40_000, 1), at: 25_000 }];
  const history = { ...WELL, faults, posts: [...WELL.posts.slice(1), post('e1', 70_000)], commits: [] };
  expect(judge(history, { ...RULES, ordered: false })).toMatchObject({
    recoveryMs: 53_999,
    violations: [],
  });
});

test('a change of lanes costs a conversation its order only where there was a fault', () => {
  const { records } = overflowed();
  const history = { ...WELL, records: records ?? [], posts: [...WELL.posts.slice(1), post('e1', 1_250)], commits: [] };
  expect(judge(history, RULES).violations.map(({ invariant }) => invariant)).toEqual(['I4']);
  expect(judge({ ...history, faults: [fault(1_150, 1)] }, RULES).violations).toEqual([]);
});

test('what is held for an endpoint that stays sick is where it belongs', () => {
  const history = { ...WELL, posts: WELL.posts.slice(1), held: [{ jobId: jobOf('e1') }] };
  expect(judge(history, { ...RULES, sick: new Set([HOOK]) }).violations).toEqual([]);
});

test('a job that was held is finished by that, and comes after live traffic', () => {
  const late = { ...WELL, posts: [...WELL.posts.slice(1), post('e1', 9_000)], commits: [commit(1_150, 2)] };
  expect(judge(late, RULES).violations.map(({ invariant }) => invariant)).toEqual(['I4', 'I12']);
  const held = { ...late, everHeld: new Set([jobOf('e1'), jobOf('e2')]) };
  expect(judge(held, { ...RULES, givingUp: new Set([HOOK]) }).violations).toEqual([]);
});

test('what waits for its endpoint takes as long as it takes', () => {
  const late = { ...WELL, posts: [...WELL.posts.slice(1), post('e1', 90_000)], commits: [] };
  const verdict = (change: Partial<History>, rules: Partial<Rules>) =>
    judge({ ...late, ...change }, { ...RULES, ordered: false, ...rules }).violations.map(({ invariant }) => invariant);
  expect(verdict({}, {})).toEqual(['I7']);
  expect(verdict({}, { sick: new Set([HOOK]) })).toEqual([]);
  // Held was the event before it.
  expect(verdict({ everHeld: new Set([jobOf('e2')]) }, { givingUp: new Set([HOOK]) })).toEqual([]);
});

describe('processes that slept from 2 to 9 s', () => {
  const made = [post('e1', 1_990), post('e2', 5_000)];
  test.each<[string, number, Post[], number]>([
    ['make again as much as was exposed', 2, both(9_100), 0],
    ['make again more than was exposed', 1, both(9_100), 1],
    ['make another attempt', 0, [post('e1', 9_100, { attempt: 2 })], 0],
    ['make what nobody had made', 0, [post('e3', 9_100)], 0],
  ])('%s', (_, exposed, posts, count) => {
    const faults = [{ ...fault(9_000, exposed), at: 2_000 }];
    const found = findStale({ faults, posts: [...made, ...posts] });
    expect(found.violations.map(({ invariant }) => invariant)).toEqual(Array(count).fill('I2'));
  });

  test('where nobody slept, nothing is stale', () => {
    expect(findStale({ faults: [], posts: both(9_100) })).toEqual({ posts: 0, bound: 0, violations: [] });
  });
});

function both(at: number): Post[] {
  return [post('e1', at), post('e2', at)];
}

test('a partition that was added is in use when a record of it was posted', () => {
  const added = { ...record('e1', 0), partition: 3, source: { ...EVENTS, partition: 4 } };
  const used = (posts: Post[]) =>
    findUsed({ records: [...WELL.records, added], posts }, RULES.groups, ['delivery', 'call'], 3);
  expect(used([post('e1', 1_100)])).toEqual({
    unused: [],
    notes: ['posted from new partitions, by group: delivery 1, call 1'],
  });
  expect(used([post('e2', 1_100)]).unused).toEqual(['delivery', 'call']);
});

describe('while nothing can be acknowledged, from 2 to 9 s', () => {
  const at = (knownAt: number, acked = true) => ({ produced: [produced('e1', 1, { knownAt, acked })], commits: [] });
  const seen = (written: number, seenAt: number) => ({ produced: [], commits: [{ ...commit(written, 1), seenAt }] });
  test.each<[string, Pick<History, 'produced' | 'commits'>, string[]]>([
    ['nothing is', { produced: [], commits: [] }, []],
    ['an event isn’t', at(5_000, false), []],
    ['one is whose answer was on its way', at(2_900), []],
    ['one is', at(3_100), ['I1']],
    ['one is when it is over', at(9_000), []],
    ['a commit is seen that was written before', seen(1_990, 5_000), []],
    ['a commit is written', seen(5_000, 5_010), ['I12']],
    ['a commit is written, and seen when it is over', seen(5_000, 9_000), []],
  ])('%s', (_, history, broken) => {
    expect(findTaken(history, { from: 2_000, to: 9_000 }).map(({ invariant }) => invariant)).toEqual(broken);
  });
});

test('memory that grows is found in who lives long enough', () => {
  const growing = (seconds: number) => [
    { name: 'd', rssMb: Array.from({ length: seconds }, (_, at) => 100 + at / 10) },
  ];
  expect(judge({ ...WELL, lives: growing(2_500) }, RULES).violations.map(({ invariant }) => invariant)).toEqual([
    'I10',
  ]);
  expect(judge({ ...WELL, lives: growing(2_300) }, RULES).violations).toEqual([]);
  expect(judge({ ...WELL, lives: [{ name: 'd', rssMb: Array<number>(2_500).fill(150) }] }, RULES).violations).toEqual(
    [],
  );
});
