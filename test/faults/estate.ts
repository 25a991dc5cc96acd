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
}

/** The webhooks of a run, and what has to be closed at its end. */
export interface Estate {
  readonly webhooks: readonly PlannedWebhook[];
  readonly close?: () => Promise<void>;
}

export type EstateBuilder = (receiver: Receiver, canary: CanaryListener) => Estate | Promise<Estate>;

/** In credentials, so that one which appears anywhere in clear is found. */
export const CANARY = `canary-${randomBytes(9).toString('hex')}`;

/** Fails the first attempt of one event in ten; seldom enough for its webhook never to become Failed. */
export function flaky(): Script {
  let firstAttempts = 0;
  return ({ headers }) => {
    if (headers['webhook-attempt'] !== '1') return 200;
    firstAttempts += 1;
    return firstAttempts % 10 === 0 ? 500 : 200;
  };
}

/**
 * Three companies, four webhooks: a fast endpoint, one that fails now and then, one company with a fast and a slower
 * one. Two have credentials.
 */
export function usualEstate(): PlannedWebhook[] {
  return [
    {
      companyId: 'co_a',
      path: '/a',
      events: EVENT_TYPES,
      script: [respond(200, { delayMs: 5 })],
      authentication: { kind: 'basic', username: 'ann', password: `${CANARY}-basic` },
    },
    { companyId: 'co_b', path: '/b', events: EVENT_TYPES, script: flaky() },
    {
      companyId: 'co_c',
      path: '/c1',
      events: EVENT_TYPES,
      script: [respond(200, { delayMs: 5 })],
      authentication: { kind: 'api-key', placement: 'query', name: 'key', value: `${CANARY}-key` },
    },
    { companyId: 'co_c', path: '/c2', events: CALL_EVENT_TYPES, script: [respond(200, { delayMs: 150 })] },
  ];
}
