import type { Document, Timestamp } from 'mongodb';
import type { Status } from '../../core/vocabulary.js';

/** One change of a webhook, as far as caches need to know it. It carries no value of the webhook but its company and status. */
export interface WebhookChange {
  readonly webhookId: string;
  /** Known when the webhook was inserted or replaced; an update or delete names the webhook alone. */
  readonly companyId: string | undefined;
  /** The webhook's fields that an update changed; undefined where all may have: inserted, replaced, deleted. */
  readonly changed: ReadonlySet<string> | undefined;
  /** What an update changed it to. */
  readonly status: Status | undefined;
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
      status: '$updateDescription.updatedFields.status',
    },
  },
];

interface WatchedEvent {
  readonly operationType: string;
  readonly clusterTime?: Timestamp;
  readonly documentKey?: { readonly _id: string };
  readonly fullDocument?: { readonly companyId?: string };
  readonly changed?: readonly string[];
  readonly status?: Status;
}

/** Reads an event of the stream. An event without a webhook (the collection was dropped) has an empty id. */
export function toWebhookChange(document: Document): WebhookChange {
  const { operationType, clusterTime, documentKey, fullDocument, changed = [], status } = document as WatchedEvent;
  const isUpdate = operationType === 'update' && changed.length > 0;
  return {
    webhookId: documentKey?._id ?? '',
    companyId: fullDocument?.companyId,
    changed: isUpdate ? new Set(changed.map(fieldOf)) : undefined,
    status,
    at: clusterTime,
  };
}

/** Whether one of these fields may have another value now. */
export function mayChange({ changed }: WebhookChange, fields: readonly string[]): boolean {
  return changed === undefined || fields.some((field) => changed.has(field));
}

/** Of "failures.2" it is "failures". */
function fieldOf(path: string): string {
  const [field = path] = path.split('.', 1);
  return field;
}
