import { createSecretKey } from 'node:crypto';
import { createManagement, type WebhookSettings } from '../../services/admin/webhooks/service.js';
import type { Webhook, WebhookInput } from '../../services/admin/contract/webhook.js';
import { openHostsFile } from '../../services/shared/platform/http/hosts-file.js';
import { KEYS } from '../integration/mongo/fixtures.js';
import { openTestDatabase, type TestDatabase } from '../integration/mongo/test-database.js';
import { principal, startTestApi, type Answer, type RequestOptions, type TestApi } from './api.js';

/** The routes of webhooks and of the audit log over a database of their own. Hosts of `.example` don't resolve. */
export interface WebhooksApi extends TestApi {
  readonly database: TestDatabase;
  /** Creates a webhook of the company that asks. @throws Error unless it is answered with 201 */
  created(input?: Partial<WebhookInput>): Promise<Webhook>;
  webhook(method: string, path: string, options?: RequestOptions): Promise<Answer<Webhook>>;
  end(): Promise<void>;
}

export const INPUT: WebhookInput = {
  url: 'https://receiver.example/hook',
  authentication: { kind: 'none' },
  headers: [],
  events: ['call.end', 'message.received'],
};

export const ADDRESS = '/api/v1/webhooks';

export async function startWebhooksApi(
  delivery: Partial<WebhookSettings['delivery']> = {},
  testEventsPerMinute = 1_000,
): Promise<WebhooksApi> {
  const database = await openTestDatabase();
  const keys = KEYS.map(({ kid, key }) => ({ kid, key: createSecretKey(key) }));
  const settings: WebhookSettings = {
    admin: { testEventsPerMinute },
    delivery: {
      allowedNetworks: [],
      timeoutMs: 5_000,
      connectTimeoutMs: 2_000,
      responseBodyBytes: 16_384,
      ...delivery,
    },
    encryption: { keys },
  };
  const management = createManagement(
    database.db,
    settings,
    await openHostsFile(),
    () => Promise.resolve(new Map()),
    () => undefined,
  );
  const api = await startTestApi(management.routes, principal('co_a'));
  const webhook = (method: string, path: string, options?: RequestOptions) =>
    api.request<Webhook>(method, ADDRESS + path, options);
  return {
    ...api,
    database,
    webhook,
    created: async (input = {}) => {
      const answer = await webhook('POST', '', { body: { ...INPUT, ...input } });
      if (answer.status !== 201) throw new Error(`not created: ${answer.text}`);
      return answer.json;
    },
    end: async () => {
      await api.close();
      await management.close();
      await database.end();
    },
  };
}
