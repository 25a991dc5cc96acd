import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { planCreations, type CreationRequest } from '../../../../services/shared/platform/mongo/creation-plan.js';
import type { IdempotencyKeyDocument } from '../../../../services/shared/platform/mongo/idempotency-key-document.js';

const claim = (companyId: string, key: string, webhookId = 'wh_1'): IdempotencyKeyDocument => ({
  companyId,
  key,
  webhookId,
  digest: { kid: 'k1', iv: Buffer.alloc(12), tag: Buffer.alloc(16), data: Buffer.alloc(1) } as never,
  expiresAt: new Date(0),
});
const plain = (companyId: string): CreationRequest => ({ companyId, claim: undefined });
const first = (): number => 0;

describe('creations that are written together', () => {
  test('take the slots that are free, in the order in which they came, and no more than there are', () => {
    const slots = Array.from({ length: 8 }, (_, slot) => ({ companyId: 'a', slot }));
    const steps = planCreations([plain('a'), plain('b'), plain('a'), plain('a')], { slots, keys: [] }, first);
    expect(steps).toEqual([
      { kind: 'insert', slot: 8 },
      { kind: 'insert', slot: 0 },
      { kind: 'insert', slot: 9 },
      { kind: 'limit-reached' },
    ]);
  });

  test('a key that is known, before or from an earlier one of them, creates nothing; another company’s is unknown', () => {
    const known = claim('a', 'k', 'wh_old');
    const again = claim('b', 'k', 'wh_new');
    const requests = [
      { companyId: 'a', claim: claim('a', 'k') },
      { companyId: 'b', claim: again },
      { companyId: 'b', claim: claim('b', 'k', 'wh_other') },
    ];
    expect(planCreations(requests, { slots: [], keys: [known] }, first)).toEqual([
      { kind: 'known-key', known },
      { kind: 'insert', slot: 0 },
      { kind: 'known-key', known: again },
    ]);
  });

  test('a refused creation claims nothing', () => {
    const slots = Array.from({ length: 10 }, (_, slot) => ({ companyId: 'a', slot }));
    const requests = [1, 2].map(() => ({ companyId: 'a', claim: claim('a', 'k') }));
    const steps = planCreations(requests, { slots, keys: [] }, first);
    expect(steps).toEqual([{ kind: 'limit-reached' }, { kind: 'limit-reached' }]);
  });

  test('no slot is taken twice, and nobody is refused while one is free', () => {
    const company = fc.constantFrom('a', 'b', 'c');
    const taken = fc.uniqueArray(fc.record({ companyId: company, slot: fc.nat(9) }), {
      selector: ({ companyId, slot }) => `${companyId}${slot}`,
    });
    fc.assert(
      fc.property(fc.array(company, { maxLength: 40 }), taken, fc.nat(), (companies, slots, seed) => {
        const steps = planCreations(companies.map(plain), { slots, keys: [] }, (n) => seed % n);
        for (const companyId of ['a', 'b', 'c']) {
          const own = steps.filter((_, index) => companies[index] === companyId);
          const inserted = own.flatMap((step) => (step.kind === 'insert' ? [step.slot] : []));
          const all = [...inserted, ...slots.filter((one) => one.companyId === companyId).map(({ slot }) => slot)];
          expect(new Set(all).size).toBe(all.length);
          expect(inserted.length).toBe(Math.min(own.length, 10 - (all.length - inserted.length)));
        }
      }),
    );
  });
});
