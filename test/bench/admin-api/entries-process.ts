import { MongoClient } from 'mongodb';
import type { FailureDocument } from '../../../services/shared/platform/mongo/failure-document.js';
import { failureDocument, storeFailures } from '../../support/failure-documents.js';
import { serveTask } from '../shared/child-task.js';

/** Stores its share of the failure entries in bulk. */
export interface EntriesTask {
  readonly uri: string;
  readonly database: string;
  readonly from: number;
  readonly to: number;
  /** The first so many go to the first webhook; the others half to the first webhook of a company, half to any. */
  readonly first: number;
  /** Per company. */
  readonly webhooks: readonly (readonly { readonly companyId: string; readonly webhookId: string }[])[];
}

async function run({ uri, database, from, to, first, webhooks }: EntriesTask): Promise<number> {
  const client = await new MongoClient(uri, { writeConcern: { w: 1 } }).connect();
  try {
    const entries = client.db(database).collection<FailureDocument>('failure_log');
    const of = (number: number) => {
      // Multiplied, because types and classes repeat with the number: each webhook is to have all of them.
      const drawn = Math.imul(number, 0x9e3779b1) >>> 8;
      const company = webhooks[number < first ? 0 : drawn % webhooks.length] ?? [];
      const within = Math.floor(drawn / webhooks.length);
      const isFirst = number < first || within % 2 === 0;
      return failureDocument(number, company[isFirst ? 0 : Math.floor(within / 2) % company.length]);
    };
    await storeFailures(entries, to - from, (number) => of(from + number));
    return to - from;
  } finally {
    await client.close();
  }
}

serveTask(run);
