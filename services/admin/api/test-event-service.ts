import { randomUUID } from 'node:crypto';
import { jobIdOf } from '../../shared/core/job.js';
import { MASK, maskHeaders, maskUrl } from '../../shared/core/mask.js';
import { classify, type Answer, type Outcome, type SendResult } from '../../shared/core/outcome.js';
import { buildRequest, compileEndpoint, type HttpRequest } from '../../shared/core/request.js';
import { EVENT_TYPES, type EventType } from '../../shared/core/vocabulary.js';
import type { TestEventResult } from '../contract/test-event.js';
import { ApiError, invalidInput, notFound } from './api-error.js';
import type { EndpointInput, SavedEndpoint } from './endpoint-input.js';
import { FaultList } from './fault-list.js';
import { readWebhookInput, REFUSED_HOST } from './webhook-input.js';
import type { Audit, Caller, WebhookPorts } from './webhook-service.js';

/**
 * Sends a sample of any sub-event to a webhook that is saved, not saved yet, or being edited, by the very same request
 * builder, sender and address guard that deliveries go through, and tells what came of it.
 *
 * It touches no counter, no status and no failure log, whatever the endpoint answers. The secrets that were sent are
 * masked in the request, and in the response too, should the endpoint echo them. The audit entry is written before the
 * request is sent: a request that nobody knows of can't be.
 */
export interface TestEventPorts extends Pick<WebhookPorts, 'find' | 'openSecrets' | 'isHostRefused' | 'now'> {
  readonly sampleOf: (type: EventType) => Readonly<Record<string, unknown>>;
  readonly send: (request: HttpRequest) => Promise<SendResult>;
  readonly record: (entry: Audit & { readonly webhookId: string | null }) => Promise<void>;
  /** @throws ApiError 429 */
  readonly take: (companyId: string, now: number) => void;
  readonly userAgent: string;
}

interface TestEventInput {
  readonly eventType: EventType;
  readonly webhookId: string | undefined;
  /** What an edit or a new webhook would be; read later, by the rules of either. */
  readonly webhook: unknown;
}

export class TestEventService {
  readonly #ports: TestEventPorts;

  constructor(ports: TestEventPorts) {
    this.#ports = ports;
  }

  /** @throws ApiError when the input is wrong, there is no such webhook, or the company sent too many */
  async send({ principal, requestId }: Caller, body: unknown): Promise<TestEventResult> {
    const { companyId, actor } = principal;
    const now = this.#ports.now();
    const input = readTestEvent(body);
    const endpoint = await this.#endpointOf(companyId, input);
    this.#ports.take(companyId, now.getTime());
    const after = { eventType: input.eventType, url: maskUrl(endpoint.url) };
    const webhookId = input.webhookId ?? null;
    const entry = { companyId, at: now, actor, action: 'webhook.tested', before: null, after, requestId } as const;
    await this.#ports.record({ ...entry, webhookId });
    return this.#exchange(companyId, input, endpoint, now);
  }

  async #endpointOf(companyId: string, { webhookId, webhook }: TestEventInput): Promise<EndpointInput> {
    const saved = webhookId === undefined ? undefined : await this.#saved(companyId, webhookId);
    if (webhook !== undefined) return this.#unsaved(webhook, saved);
    if (saved === undefined) throw new Error('the input names no webhook');
    if (saved.secrets === null)
      throw new ApiError('conflict', 'The saved secrets of this webhook can’t be read any more: type them again.');
    return { url: saved.url, events: [], ...saved.secrets };
  }

  async #saved(companyId: string, webhookId: string): Promise<SavedEndpoint> {
    const webhook = await this.#ports.find(companyId, webhookId);
    if (webhook === undefined) throw notFound('webhook');
    return { url: webhook.url, secrets: await this.#ports.openSecrets(webhook) };
  }

  async #unsaved(body: unknown, saved: SavedEndpoint | undefined): Promise<EndpointInput> {
    const { endpoint, faults, hostname } = readWebhookInput(body, saved);
    const refused = hostname !== undefined && (await this.#ports.isHostRefused(hostname));
    const all = refused ? [REFUSED_HOST, ...faults] : faults;
    if (endpoint !== undefined && !refused) return endpoint;
    throw invalidInput(all.map((fault) => ({ ...fault, pointer: `/webhook${fault.pointer}` })));
  }

  async #exchange(
    companyId: string,
    { eventType, webhookId }: TestEventInput,
    endpoint: EndpointInput,
    now: Date,
  ): Promise<TestEventResult> {
    const eventId = `test_${randomUUID()}`;
    const sample = { ...this.#ports.sampleOf(eventType), event_id: eventId, company_id: companyId };
    const body = Buffer.from(JSON.stringify({ ...sample, occurred_at: now.toISOString() }));
    const webhook = { id: webhookId ?? 'test', companyId, ...endpoint, ...COUNTS_NOTHING };
    const compiled = compileEndpoint(webhook, this.#ports.userAgent);
    if (compiled.kind === 'refused') {
      const refusal = { kind: 'no-answer', failure: 'invalid-request', detail: compiled.fault, durationMs: 0 } as const;
      return resultOf(classify(refusal), null, endpoint);
    }
    const job = { jobId: jobIdOf(companyId, eventId, webhook.id), attempt: 1, body };
    const request = buildRequest(job, compiled, now.getTime());
    const shown = {
      method: request.method,
      url: maskUrl(request.origin + request.path),
      headers: listOf(maskHeaders(request.headers, compiled.secretHeaders)),
      body: body.toString('utf8'),
    };
    return resultOf(classify(await this.#ports.send(request)), shown, endpoint);
  }
}

const COUNTS_NOTHING = { status: 'active', failures: [], countsFrom: 0, version: 0 } as const;

/** @throws ApiError 422 with all faults of what is not the webhook itself */
function readTestEvent(body: unknown): TestEventInput {
  const list = new FaultList();
  const fields = list.object(body, '', ['eventType', 'webhookId', 'webhook']) ?? {};
  const eventType = list.choice(fields['eventType'], '/eventType', EVENT_TYPES);
  const webhookId = list.optionalText(fields['webhookId'], '/webhookId', 64);
  const { webhook } = fields;
  if (fields['webhookId'] === undefined && webhook === undefined)
    list.add('/webhookId', 'required', 'Name a saved webhook, or give one that is not saved yet.');
  if (list.faults.length > 0 || eventType === undefined) throw invalidInput(list.faults);
  return { eventType, webhookId, webhook };
}

function resultOf(outcome: Outcome, request: TestEventResult['request'], endpoint: EndpointInput): TestEventResult {
  switch (outcome.kind) {
    case 'delivered': {
      const { answer } = outcome;
      const response = shownAnswer(answer, endpoint);
      return { outcome: 'delivered', cause: null, durationMs: answer.durationMs, request, response };
    }
    case 'failed': {
      const { answer, cause, durationMs } = outcome;
      const response = answer === null ? null : shownAnswer(answer, endpoint);
      return { outcome: 'failed', cause: { kind: cause.kind, text: cause.text }, durationMs, request, response };
    }
    case 'unmade':
      return {
        outcome: 'unmade',
        cause: { kind: 'own', text: 'The request could not be made because of a fault on our side: try again.' },
        durationMs: 0,
        request,
        response: null,
      };
  }
}

function shownAnswer({ status, headers, body, bodyTruncated }: Answer, endpoint: EndpointInput) {
  const hide = hider(endpoint);
  const shown = listOf(headers).map(({ name, value }) => ({ name, value: hide(value) }));
  return { status, headers: shown, body: hide(body), bodyTruncated };
}

/** Replaces what we sent in secret, in the forms in which it was sent; a shorter one would blacken half a text. */
function hider({ authentication, headers }: EndpointInput): (text: string) => string {
  const secrets = headers.map(({ value }) => value);
  if (authentication.kind === 'basic') {
    const { username, password } = authentication;
    secrets.push(password, Buffer.from(`${username}:${password}`).toString('base64'));
  }
  if (authentication.kind === 'api-key')
    secrets.push(authentication.value, new URLSearchParams([['', authentication.value]]).toString().slice(1));
  const hidden = secrets.filter((secret) => secret.length >= SHORTEST_HIDDEN).sort((a, b) => b.length - a.length);
  return (text) => hidden.reduce((left, secret) => left.replaceAll(secret, MASK), text);
}

const SHORTEST_HIDDEN = 4;

function listOf(headers: Readonly<Record<string, string>>) {
  return Object.entries(headers).map(([name, value]) => ({ name, value }));
}
