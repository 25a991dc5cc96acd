import { createHash } from 'node:crypto';
import { ApiError, invalidInput, notFound } from './api-error.js';
import type { EndpointInput, OpenedSecrets } from './endpoint-input.js';
import { assertMatches, isUnconditional, versionChanged } from './preconditions.js';
import type { Principal } from './principal.js';
import { readWebhookInput, REFUSED_HOST, type WebhookReading } from './webhook-input.js';
import {
  auditChange,
  auditView,
  summaryView,
  webhookView,
  type Activity,
  type StoredSummary,
  type StoredWebhook,
} from './webhook-view.js';
import type { AuditAction } from '../contract/audit.js';
import type { Webhook, WebhookList } from '../contract/webhook.js';

/**
 * What people and programs do with the webhooks of their company: the sequence of each operation, from the unknown
 * body to the answer. Who asks was proved before; every port gets the company that was proved, so another company's id
 * is an unknown one. Whether a change still fits the version that it was made from is decided by the port that writes.
 */
export interface WebhookPorts {
  readonly list: (companyId: string) => Promise<readonly StoredSummary[]>;
  readonly find: (companyId: string, webhookId: string) => Promise<StoredWebhook | undefined>;
  readonly openSecrets: (webhook: StoredWebhook) => Promise<OpenedSecrets>;
  readonly heldEvents: (companyId: string, webhookIds: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  readonly activitiesOf: (
    companyId: string,
    webhookIds: readonly string[],
    now: number,
  ) => Promise<ReadonlyMap<string, Activity>>;
  readonly isHostRefused: (hostname: string) => Promise<boolean>;
  readonly changes: {
    findKey: (companyId: string, key: Idempotency) => Promise<KnownKey | undefined>;
    create: (endpoint: EndpointInput, audit: Audit, key?: Idempotency) => Promise<Created>;
    replace: (ref: Ref, version: number, endpoint: EndpointInput, audit: Audit) => Promise<Changed>;
    setStatus: (ref: Ref, version: number, status: 'active' | 'inactive', audit: Audit) => Promise<Changed>;
    delete: (ref: Ref, version: number, audit: Audit) => Promise<Changed>;
  };
  readonly now: () => Date;
}

interface Ref {
  readonly companyId: string;
  readonly webhookId: string;
}

interface Idempotency {
  readonly key: string;
  readonly digest: string;
}

interface KnownKey {
  readonly kind: 'known-key';
  readonly webhookId: string;
  readonly same: boolean;
}

type Created =
  KnownKey | { readonly kind: 'created'; readonly webhook: StoredWebhook } | { readonly kind: 'limit-reached' };

type Changed = 'changed' | 'stale';

/** An entry of the audit log without its webhook. */
export interface Audit {
  readonly companyId: string;
  readonly at: Date;
  readonly actor: Principal['actor'];
  readonly action: AuditAction;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  readonly requestId: string;
}

/** Who asks, and by which request. */
export interface Caller {
  readonly principal: Principal;
  readonly requestId: string;
}

export const WEBHOOK_LIMIT = 10;
/** Of a change that holds for any version, when others come between. */
const CHANGE_TRIES = 5;

export class WebhookService {
  readonly #ports: WebhookPorts;

  constructor(ports: WebhookPorts) {
    this.#ports = ports;
  }

  async list(companyId: string): Promise<WebhookList> {
    const webhooks = await this.#ports.list(companyId);
    const failed = webhooks.filter(({ status }) => status === 'failed').map(({ _id }) => _id);
    const ids = webhooks.map(({ _id }) => _id);
    const [held, activities] = await Promise.all([
      this.#ports.heldEvents(companyId, failed),
      this.#ports.activitiesOf(companyId, ids, this.#ports.now().getTime()),
    ]);
    const items = webhooks.map((webhook) =>
      summaryView(webhook, held.get(webhook._id) ?? 0, activities.get(webhook._id) ?? NO_ACTIVITY),
    );
    return { items, limit: WEBHOOK_LIMIT };
  }

  async read(companyId: string, webhookId: string): Promise<Webhook> {
    return this.#view(await this.#found(companyId, webhookId));
  }

  /** `key` is an Idempotency-Key: the same creation under the same key is made once. */
  async create(caller: Caller, body: unknown, key: string | undefined): Promise<Webhook> {
    const { companyId } = caller.principal;
    const reading = readWebhookInput(body);
    const idempotency = key === undefined ? undefined : { key, digest: digestOf(reading) };
    // Asked before the network is: what was created once is answered whatever its host resolves to by now.
    const known = idempotency && (await this.#ports.changes.findKey(companyId, idempotency));
    if (known !== undefined) return this.#replay(companyId, known);
    const endpoint = await this.checked(reading);
    const audit = this.#audit(caller, 'webhook.created', null, { ...auditView(endpoint), status: 'active' });
    const result = await this.#ports.changes.create(endpoint, audit, idempotency);
    if (result.kind === 'known-key') return this.#replay(companyId, result);
    if (result.kind === 'limit-reached')
      throw new ApiError('conflict', `A company can have at most ${WEBHOOK_LIMIT} webhooks: delete one first.`);
    return this.#view(result.webhook);
  }

  /** A replacement that changes nothing is answered like any other, but makes no new version. */
  async replace(caller: Caller, webhookId: string, body: unknown, ifMatch: string | undefined): Promise<Webhook> {
    const { companyId } = caller.principal;
    await this.#conditionally(caller, webhookId, ifMatch, true, async (webhook, ref) => {
      const secrets = await this.#ports.openSecrets(webhook);
      const endpoint = await this.checked(readWebhookInput(body, { url: webhook.url, secrets }));
      const { url, events } = webhook;
      // What can't be read any more counts as another secret.
      const before = { url, events, ...(secrets ?? { authentication: { kind: 'none' } as const, headers: [] }) };
      const change = auditChange(before, endpoint);
      if (change === undefined && secrets !== null) return 'changed';
      const audit = this.#audit(caller, 'webhook.replaced', change?.before ?? {}, change?.after ?? {});
      return this.#ports.changes.replace(ref, webhook.version, endpoint, audit);
    });
    return this.read(companyId, webhookId);
  }

  /** Enabling what is Active, and disabling what is Inactive, changes nothing. */
  async setStatus(
    caller: Caller,
    webhookId: string,
    status: 'active' | 'inactive',
    ifMatch: string | undefined,
  ): Promise<Webhook> {
    const action = status === 'active' ? 'webhook.enabled' : 'webhook.disabled';
    await this.#conditionally(caller, webhookId, ifMatch, false, (webhook, ref) => {
      if (webhook.status === status) return Promise.resolve('changed');
      const audit = this.#audit(caller, action, { status: webhook.status }, { status });
      return this.#ports.changes.setStatus(ref, webhook.version, status, audit);
    });
    return this.read(caller.principal.companyId, webhookId);
  }

  async delete(caller: Caller, webhookId: string, ifMatch: string | undefined): Promise<void> {
    await this.#conditionally(caller, webhookId, ifMatch, false, async (webhook, ref) => {
      const { url, events, status } = webhook;
      const opened = await this.#ports.openSecrets(webhook);
      const { authentication, headers } = opened ?? { authentication: { kind: 'none' } as const, headers: [] };
      const before = { ...auditView({ url, events, authentication, headers }), status };
      return this.#ports.changes.delete(ref, webhook.version, this.#audit(caller, 'webhook.deleted', before, null));
    });
  }

  /** The endpoint, once the network was asked too. @throws ApiError 422 with all faults */
  async checked({ endpoint, faults, hostname }: WebhookReading): Promise<EndpointInput> {
    const refused = hostname !== undefined && (await this.#ports.isHostRefused(hostname));
    if (refused) throw invalidInput([REFUSED_HOST, ...faults]);
    if (endpoint === undefined) throw invalidInput(faults);
    return endpoint;
  }

  /** Makes a change to the version that the caller means; to the newest one if they mean any. */
  async #conditionally(
    caller: Caller,
    webhookId: string,
    ifMatch: string | undefined,
    required: boolean,
    change: (webhook: StoredWebhook, ref: Ref) => Promise<Changed>,
  ): Promise<void> {
    const { companyId } = caller.principal;
    for (let tries = 1; tries <= CHANGE_TRIES; tries += 1) {
      const webhook = await this.#found(companyId, webhookId);
      assertMatches(ifMatch, webhook.version, required);
      if ((await change(webhook, { companyId, webhookId })) === 'changed') return;
      if (!isUnconditional(ifMatch)) break;
    }
    throw versionChanged();
  }

  async #replay(companyId: string, { webhookId, same }: KnownKey): Promise<Webhook> {
    if (!same) throw new ApiError('conflict', 'This Idempotency-Key was used for another webhook already.');
    const webhook = await this.#ports.find(companyId, webhookId);
    if (webhook === undefined)
      throw new ApiError('conflict', 'The webhook that was created with this Idempotency-Key is deleted.');
    return this.#view(webhook);
  }

  async #found(companyId: string, webhookId: string): Promise<StoredWebhook> {
    const webhook = await this.#ports.find(companyId, webhookId);
    if (webhook === undefined) throw notFound('webhook');
    return webhook;
  }

  async #view(webhook: StoredWebhook): Promise<Webhook> {
    const { companyId, _id, status } = webhook;
    const [secrets, held] = await Promise.all([
      this.#ports.openSecrets(webhook),
      this.#ports.heldEvents(companyId, status === 'failed' ? [_id] : []),
    ]);
    return webhookView(webhook, secrets, held.get(_id) ?? 0);
  }

  #audit({ principal, requestId }: Caller, action: AuditAction, before: Audit['before'], after: Audit['after']): Audit {
    const { companyId, actor } = principal;
    return { companyId, at: this.#ports.now(), actor, action, before, after, requestId };
  }
}

const NO_ACTIVITY: Activity = {
  lastDeliveryAt: null,
  last24h: { deliveries: 0, failures: 0, successRate: null, p50Ms: [] },
};

/** Of what was read, not of how it was written: the order of fields doesn't matter. @throws ApiError 422 */
function digestOf({ endpoint, faults }: WebhookReading): string {
  if (endpoint === undefined) throw invalidInput(faults);
  const { url, authentication, headers, events } = endpoint;
  return createHash('sha256')
    .update(JSON.stringify([url, authentication, headers, events]))
    .digest('base64url');
}
