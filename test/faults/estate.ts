import { randomBytes } from 'node:crypto';
import { respond } from '../../deploy/local/receiver/step.js';
import type { Receiver } from '../../deploy/local/receiver/receiver.js';
import type { Script } from '../../deploy/local/receiver/script-cursor.js';
import type { Authentication } from '../../services/shared/core/webhook.js';
import { CALL_EVENT_TYPES, EVENT_TYPES, type EventType } from '../../services/shared/core/vocabulary.js';
import type { CanaryListener } from './canary-listener.js';

/** A webhook of a run: whose it is, what it wants, and how its endpoint behaves. */
export interface PlannedWebhook {
  readonly companyId: string;
  readonly path: string;
  readonly events: readonly EventType[];
  readonly script: Script;
  readonly authentication?: Authentication;
  /** Instead of the run's own receiver. */
  readonly url?: string;
  /** Its endpoint uses up the attempts of some events, by plan. */
  readonly givesUp?: true;
}

/** The webhooks of a run, and what has to be closed at its end. */
export interface Estate {
  readonly webhooks: readonly PlannedWebhook[];
  readonly close?: () => Promise<void>;
}

export type EstateBuilder = (receiver: Receiver, canary: CanaryListener) => Estate | Promise<Estate>;

/** In credentials, so that one which appears anywhere in clear is found. */
export const CANARY = `canary-${randomBytes(9).toString('hex')}`;

const BASIC = { username: 'ann', password: `${CANARY}-basic` };
/** What base64 makes a header of. */
export const BASIC_CREDENTIAL = `${BASIC.username}:${BASIC.password}`;

/** In the address of each request, and so in what errors tell of it. */
export const KEY_IN_QUERY: Authentication = {
  kind: 'api-key',
  placement: 'query',
  name: 'key',
  value: `${CANARY}-key`,
};

/** Fails the first attempt of one event in ten; seldom enough for its webhook never to become Failed. */
export function flaky(): Script {
  let firstAttempts = 0;
  return ({ headers }) => {
    if (headers['webhook-attempt'] !== '1') return 200;
    firstAttempts += 1;
    return firstAttempts % 10 === 0 ? 500 : 200;
  };
}

/** One event in so many fails more than its first attempt: one in twice as many all three, as many others the first two. */
const SPOILS_EVERY = 20;
/** So many answers between two failures are successes. */
const APART = 3;

/**
 * One event in forty fails all its attempts, and one in forty its first two; counted in first attempts, so that nothing
 * depends on chance. Retries come in bursts, after a retry process was away or when the load has ended: one that would
 * follow closely on another failure is let through, so that the webhook never becomes Failed.
 */
export function usingUp(): Script {
  const failing = new Map<string, number>();
  let [firstAttempts, all, successes] = [0, true, 0];
  const meet = (jobId: string): void => {
    firstAttempts += 1;
    if (firstAttempts < SPOILS_EVERY || successes < APART) return;
    failing.set(jobId, all ? 3 : 2);
    [firstAttempts, all] = [0, !all];
  };
  return ({ headers }) => {
    const [jobId, attempt] = [String(headers['webhook-id']), Number(headers['webhook-attempt'])];
    if (attempt === 1 && !failing.has(jobId)) meet(jobId);
    const fails = attempt <= (failing.get(jobId) ?? 0) && successes >= APART;
    successes = fails ? 0 : successes + 1;
    return fails ? 500 : 200;
  };
}

/**
 * Four companies, five webhooks: a fast endpoint, one that fails now and then, one company with a fast and a slower one,
 * and an endpoint at which some events use up their attempts. All but the slower one have credentials.
 */
export function usualEstate(): PlannedWebhook[] {
  return [
    {
      companyId: 'co_a',
      path: '/a',
      events: EVENT_TYPES,
      script: [respond(200, { delayMs: 5 })],
      authentication: { kind: 'basic', ...BASIC },
    },
    { companyId: 'co_b', path: '/b', events: EVENT_TYPES, script: flaky(), authentication: KEY_IN_QUERY },
    {
      companyId: 'co_c',
      path: '/c1',
      events: EVENT_TYPES,
      script: [respond(200, { delayMs: 5 })],
      authentication: KEY_IN_QUERY,
    },
    { companyId: 'co_c', path: '/c2', events: CALL_EVENT_TYPES, script: [respond(200, { delayMs: 150 })] },
    {
      companyId: 'co_d',
      path: '/d',
      events: EVENT_TYPES,
      script: usingUp(),
      givesUp: true,
      authentication: { kind: 'basic', ...BASIC },
    },
  ];
}
