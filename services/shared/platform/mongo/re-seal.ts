import type { Collection, Db } from 'mongodb';
import type { KeyEncryptionKey } from '../crypto/key-ring.js';
import { SealError } from '../crypto/seal-error.js';
import { createVault, type Sealed, type Vault, type WrappedDataKeys } from '../crypto/vault.js';
import { DATA_KEY_FIELDS, dataKeysOf, type DataKeyFields } from './company-data-keys.js';
import { openEndpoint, sealEndpoint } from './endpoint-secrets.js';
import { DIGEST, type IdempotencyKeyDocument } from './idempotency-key-document.js';
import { onMongo } from './mongo-errors.js';
import type { WebhookDocument } from './webhook-document.js';

/**
 * Seals with a company's current data key what is sealed with another one: the secrets of its webhooks, and the digests
 * of its Idempotency-Keys. Without a previous key there is nothing to do.
 *
 * It isn't an edit: version, dates, counter and circuit stay as they are, and the secrets are the same afterwards. Each
 * write is a compare-and-set on the version and on the very sealed values that were read, so that an edit that comes
 * between wins, and a run that was stopped for long overwrites nothing that is newer than what it read.
 */
export interface ReSealed {
  readonly webhooks: number;
  readonly digests: number;
  /** Values that are sealed with the previous key still: overtaken, or unreadable. */
  readonly left: number;
  readonly unreadable: readonly UnreadableSecret[];
}

export interface UnreadableSecret {
  readonly companyId: string;
  readonly webhookId: string;
  readonly reason: string;
}

interface Collections {
  readonly companies: Collection<DataKeyFields>;
  readonly webhooks: Collection<WebhookDocument>;
  readonly digests: Collection<IdempotencyKeyDocument>;
}

type Tally = { -readonly [K in keyof ReSealed]: ReSealed[K] } & { unreadable: UnreadableSecret[] };

interface Work {
  readonly companyId: string;
  readonly keys: WrappedDataKeys;
  readonly vault: Vault;
  readonly collections: Collections;
  readonly tally: Tally;
}

/** @throws DependencyError when MongoDB is away */
export async function reSealCompany(db: Db, ring: readonly KeyEncryptionKey[], companyId: string): Promise<ReSealed> {
  const collections = {
    companies: db.collection<DataKeyFields>('companies', { promoteBuffers: true }),
    webhooks: db.collection<WebhookDocument>('webhooks', { promoteBuffers: true }),
    digests: db.collection<IdempotencyKeyDocument>('idempotency_keys', { promoteBuffers: true }),
  };
  const webhooks = await onMongo('reading webhooks to seal anew', () =>
    collections.webhooks.find({ companyId }).toArray(),
  );
  const digests = await onMongo('reading digests to seal anew', () =>
    collections.digests.find({ companyId }).toArray(),
  );
  // After what they open: so the keys are never older than the values.
  const company = await onMongo('reading data keys', () =>
    collections.companies.findOne({ _id: companyId }, { projection: DATA_KEY_FIELDS }),
  );
  const keys = company === null ? undefined : dataKeysOf(company);
  const tally: Tally = { webhooks: 0, digests: 0, left: 0, unreadable: [] };
  if (keys?.previous === undefined) return tally;
  // A vault of its own, of exactly these keys: one that remembers could seal with a key that was replaced.
  const companies = { find: () => Promise.resolve(keys), createIfAbsent: () => Promise.resolve(keys) };
  const work: Work = { companyId, keys, vault: createVault({ keys: ring, companies }), collections, tally };
  for (const webhook of webhooks) {
    const kids = sealedValues(webhook).map(({ kid }) => kid);
    await attempt(work, webhook._id, kids, 'webhooks', () => reSealWebhook(work, webhook));
  }
  for (const document of digests)
    await attempt(work, document.webhookId, [document.digest.kid], 'digests', () => reSealDigest(work, document));
  return tally;
}

async function attempt(
  { companyId, keys, tally }: Work,
  webhookId: string,
  kids: readonly string[],
  what: 'webhooks' | 'digests',
  reSeal: () => Promise<boolean>,
): Promise<void> {
  if (kids.every((kid) => kid === keys.current.id)) return;
  const isLeft = kids.includes(keys.previous?.id ?? '');
  try {
    if (await reSeal()) tally[what] += 1;
    else if (isLeft) tally.left += 1;
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    tally.unreadable.push({ companyId, webhookId, reason: error.message });
    if (isLeft) tally.left += 1;
  }
}

/** False when somebody changed the webhook since it was read. */
async function reSealWebhook({ companyId, vault, collections }: Work, webhook: WebhookDocument): Promise<boolean> {
  const { _id, version, authentication, headers } = webhook;
  const sealed = await sealEndpoint(vault, companyId, _id, await openEndpoint(vault, webhook));
  const { modifiedCount } = await onMongo('sealing a webhook anew', () =>
    collections.webhooks.updateOne({ companyId, _id, version, authentication, headers }, { $set: sealed }),
  );
  return modifiedCount === 1;
}

async function reSealDigest({ companyId, vault, collections }: Work, document: IdempotencyKeyDocument) {
  const { key, webhookId, digest } = document;
  const text = await vault.open(companyId, webhookId, DIGEST, digest);
  const sealed = await vault.seal(companyId, webhookId, DIGEST, text);
  const { modifiedCount } = await onMongo('sealing a digest anew', () =>
    collections.digests.updateOne({ companyId, key, digest }, { $set: { digest: sealed } }),
  );
  return modifiedCount === 1;
}

function sealedValues({ authentication, headers }: WebhookDocument): Sealed[] {
  const values = headers.map(({ value }) => value);
  if (authentication.kind === 'basic') values.push(authentication.password);
  if (authentication.kind === 'api-key') values.push(authentication.value);
  return values;
}
