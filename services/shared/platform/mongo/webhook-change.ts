import type { Document, Timestamp } from 'mongodb';

/** One change of a webhook, as far as caches need to know it. It carries no value of the webhook but its company. */
export interface WebhookChange {
  readonly webhookId: string;
  /** Known when the webhook was inserted or replaced; an update or delete names the webhook alone. */
  readonly companyId: string | undefined;
  /** Nothing but the counted failures changed: matching doesn't depend on them. */
  readonly failuresOnly: boolean;
  readonly at: Timestamp | undefined;
}

const CHANGED_FIELDS = {
  $concatArrays: [
    { $map: { input: { $objectToArray: { $ifNull: ['$updateDescription.updatedFields', {}] } }, in: '$$this.k' } },
    { $ifNull: ['$updateDescription.removedFields', []] },
    { $ifNull: ['$updateDescription.truncatedArrays.field', []] },
  ],
};

/** The stage that leaves everything else, secrets above all, on the server. */
export const WATCHED_FIELDS: Document[] = [
  {
    $project: {
      operationType: 1,
      clusterTime: 1,
      'documentKey._id': 1,
      'fullDocument.companyId': 1,
      changed: CHANGED_FIELDS,
    },
  },
];

interface WatchedEvent {
  readonly operationType: string;
  readonly clusterTime?: Timestamp;
  readonly documentKey?: { readonly _id: string };
  readonly fullDocument?: { readonly companyId?: string };
  readonly changed?: readonly string[];
}

/** Reads an event of the stream. An event without a webhook (the collection was dropped) has an empty id. */
export function toWebhookChange(document: Document): WebhookChange {
  const event = document as WatchedEvent;
  const changed = event.changed ?? [];
  return {
    webhookId: event.documentKey?._id ?? '',
    companyId: event.fullDocument?.companyId,
    failuresOnly: event.operationType === 'update' && changed.length > 0 && changed.every(isFailures),
    at: event.clusterTime,
  };
}

function isFailures(field: string): boolean {
  return field === 'failures' || field.startsWith('failures.');
}
