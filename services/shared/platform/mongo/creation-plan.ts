import { WEBHOOK_SLOTS } from './collections/webhooks.plan.js';
import type { IdempotencyKeyDocument } from './idempotency-key-document.js';

/** What a creation is judged by: whose it is, and the Idempotency-Key that it claims, if any. */
export interface CreationRequest {
  readonly companyId: string;
  readonly claim: IdempotencyKeyDocument | undefined;
}

export type CreationStep =
  | { readonly kind: 'insert'; readonly slot: number }
  | { readonly kind: 'limit-reached' }
  /** The key created a webhook before, or does so with an earlier creation of this plan. */
  | { readonly kind: 'known-key'; readonly known: IdempotencyKeyDocument };

/** What MongoDB holds, in one snapshot. */
export interface CreationState {
  readonly slots: readonly { readonly companyId: string; readonly slot: number }[];
  readonly keys: readonly IdempotencyKeyDocument[];
}

/**
 * Decides over creations in the order in which they came: "at most 10 webhooks per company", and the same creation
 * under one key is made once. `choose` picks one of n free slots: processes that all took the first one would get in
 * each other's way ten times.
 */
export function planCreations(
  requests: readonly CreationRequest[],
  { slots, keys }: CreationState,
  choose: (n: number) => number,
): CreationStep[] {
  const known = new Map(keys.map((document) => [keyOf(document), document]));
  const free = new Map<string, number[]>();
  for (const { companyId } of requests)
    free.set(
      companyId,
      Array.from({ length: WEBHOOK_SLOTS }, (_, slot) => slot),
    );
  for (const { companyId, slot } of slots) {
    const left = free.get(companyId);
    if (left?.includes(slot) === true) left.splice(left.indexOf(slot), 1);
  }
  return requests.map(({ companyId, claim }) => {
    const earlier = claim && known.get(keyOf(claim));
    if (earlier !== undefined) return { kind: 'known-key', known: earlier };
    const left = free.get(companyId) ?? [];
    const [slot] = left.length === 0 ? [] : left.splice(choose(left.length), 1);
    if (slot === undefined) return { kind: 'limit-reached' };
    if (claim !== undefined) known.set(keyOf(claim), claim);
    return { kind: 'insert', slot };
  });
}

function keyOf({ companyId, key }: IdempotencyKeyDocument): string {
  return JSON.stringify([companyId, key]);
}
