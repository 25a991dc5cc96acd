import type { History, Rules } from '../history.js';
import { expectedJobs, isSuccess, isWell, type ExpectedJob } from './expected-jobs.js';
import { violations, type Violation } from './violation.js';

/**
 * I1: every event that Kafka has, for every webhook that selected it, has come to an end that somebody can see: a 2xx at
 * the receiver, or a reason in the failure log or among the dead letters. What is still held has not. Where an endpoint
 * is well, 2xx is the only end that is right, and nothing is held for it (I11).
 */
export interface Losses {
  readonly lost: number;
  readonly violations: readonly Violation[];
}

type EndRules = Pick<Rules, 'sick' | 'givingUp'>;

export function findLost(history: History, rules: EndRules): Losses {
  const expected = expectedJobs(history);
  const ends = endsOf(history);
  const open = expected.filter((job) => !ends.isDelivered(job) && !ends.isGivenUp(job));
  const waiting = new Set(history.held.map(({ jobId }) => jobId));
  const lost = open.filter(({ jobId }) => !waiting.has(jobId));
  const stuck = open.filter(({ jobId, webhookId }) => waiting.has(jobId) && !rules.sick.has(webhookId));
  return {
    lost: lost.length,
    violations: [
      ...violations('I1', 'without an end', lost.map(nameOf)),
      ...violations('I1', 'still held', stuck.map(nameOf)),
      ...findWronged(expected, ends, history, rules),
      ...violations('I1', 'received and never owed', unexpected(history, expected)),
      ...violations('I1', 'acknowledged by Kafka and not in its topic', vanished(history)),
    ],
  };
}

interface Ends {
  readonly isDelivered: (job: ExpectedJob) => boolean;
  /** It ended otherwise, whether it was delivered, too, or not. */
  readonly isGivenUp: (job: ExpectedJob) => boolean;
}

function endsOf({ posts, entries, letters }: History): Ends {
  const delivered = new Set(posts.filter(({ status }) => isSuccess(status)).map(({ jobId }) => jobId));
  const ending = entries.filter(({ followUp }) => followUp === 'exhausted' || followUp === 'dropped');
  const ended = new Set(ending.map(({ jobId }) => jobId));
  const parked = new Set(letters.map(({ eventId }) => eventId));
  return {
    isDelivered: ({ jobId }) => delivered.has(jobId),
    isGivenUp: ({ jobId, event }) => ended.has(jobId) || parked.has(event.eventId),
  };
}

/** What became of jobs although their endpoints were well. */
function findWronged(
  expected: readonly ExpectedJob[],
  { isDelivered, isGivenUp }: Ends,
  { everHeld }: History,
  rules: EndRules,
): Violation[] {
  const ofWell = expected.filter(({ webhookId }) => isWell(webhookId, rules));
  const givenUp = ofWell.filter((job) => isGivenUp(job) && !isDelivered(job));
  const held = ofWell.filter(({ jobId }) => everHeld.has(jobId));
  return [
    ...violations('I1', 'given up although its endpoint was well', givenUp.map(nameOf)),
    ...violations('I11', 'held although its endpoint was well', held.map(nameOf)),
  ];
}

function unexpected({ posts }: History, expected: readonly ExpectedJob[]): string[] {
  const known = new Set(expected.map(({ jobId }) => jobId));
  return posts.filter(({ jobId }) => !known.has(jobId)).map(({ jobId, eventId }) => `${eventId} as ${jobId}`);
}

function vanished({ produced, stored }: History): string[] {
  return produced.filter(({ acked, eventId }) => acked && !stored.has(eventId)).map(({ eventId }) => eventId);
}

function nameOf({ jobId, event }: ExpectedJob): string {
  return `${event.eventId} as ${jobId}`;
}
