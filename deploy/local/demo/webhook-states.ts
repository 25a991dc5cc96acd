import type { Db } from 'mongodb';
import { DEMO_COMPANIES } from './demo-webhooks.js';
import type { WebhookState } from './live-view.js';

interface StoredWebhook {
  readonly _id: string;
  readonly status: string;
}

/**
 * Status and held deliveries of the demo's webhooks by path.
 * @param ids ids of the webhooks by path
 */
export async function readWebhookStates(
  db: Db,
  ids: ReadonlyMap<string, string>,
): Promise<ReadonlyMap<string, WebhookState>> {
  const company = { companyId: { $in: [...DEMO_COMPANIES] } };
  const [webhooks, held] = await Promise.all([
    db.collection<StoredWebhook>('webhooks').find(company).project<StoredWebhook>({ status: 1 }).toArray(),
    db
      .collection('held_deliveries')
      .aggregate<{ _id: string; count: number }>([
        { $match: company },
        { $group: { _id: '$webhookId', count: { $sum: 1 } } },
      ])
      .toArray(),
  ]);
  const statuses = new Map(webhooks.map(({ _id, status }) => [_id, status]));
  const counts = new Map(held.map(({ _id, count }) => [_id, count]));
  return new Map(
    [...ids].map(([path, id]) => [path, { status: statuses.get(id) ?? 'deleted', held: counts.get(id) ?? 0 }]),
  );
}
