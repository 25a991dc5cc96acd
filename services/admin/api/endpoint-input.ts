import type { EventType } from '../../shared/core/vocabulary.js';
import type { Authentication, Header } from '../../shared/core/webhook.js';

/** What an Owner registers, checked, secrets in clear: it lives as long as its request and is never logged. */
export interface EndpointInput {
  readonly url: string;
  readonly authentication: Authentication;
  readonly headers: readonly Header[];
  readonly events: readonly EventType[];
}

/** In clear; null when they can't be read any more. */
export type OpenedSecrets = Pick<EndpointInput, 'authentication' | 'headers'> | null;

/** What is saved already, for an edit. */
export interface SavedEndpoint {
  readonly url: string;
  readonly secrets: OpenedSecrets;
}
