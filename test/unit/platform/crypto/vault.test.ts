import { describe, expect, jest, test } from '@jest/globals';
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { ConfigError } from '../../../../services/shared/core/errors.js';
import { decrypt, encrypt, placeOf } from '../../../../services/shared/platform/crypto/aead.js';
import {
  KeyRing,
  type KeyEncryptionKey,
  type WrappedDataKey,
} from '../../../../services/shared/platform/crypto/key-ring.js';
import { SealError } from '../../../../services/shared/platform/crypto/seal-error.js';
import {
  createVault,
  DATA_KEYS_TRUSTED_MS,
  type DataKeyStore,
  type Sealed,
  type WrappedDataKeys,
} from '../../../../services/shared/platform/crypto/vault.js';

const KEY_A: KeyEncryptionKey = { kid: 'kek-a', key: randomBytes(32) };
const KEY_B: KeyEncryptionKey = { kid: 'kek-b', key: randomBytes(32) };

interface MemoryStore extends DataKeyStore {
  readonly stored: Map<string, WrappedDataKey>;
  readonly previous: Map<string, WrappedDataKey>;
  /** Gives the company another data key, as a renewal does. */
  renew(companyId: string, key?: KeyEncryptionKey): void;
  finds: number;
}

function memoryStore(): MemoryStore {
  const [stored, previous] = [new Map<string, WrappedDataKey>(), new Map<string, WrappedDataKey>()];
  const keysOf = (companyId: string): WrappedDataKeys | undefined => {
    const current = stored.get(companyId);
    return current && { current, previous: previous.get(companyId) };
  };
  return {
    stored,
    previous,
    renew(companyId, key = KEY_A) {
      previous.set(companyId, stored.get(companyId) as WrappedDataKey);
      stored.set(companyId, new KeyRing([key]).newDataKey(companyId));
    },
    finds: 0,
    find(companyId) {
      this.finds += 1;
      return Promise.resolve(keysOf(companyId));
    },
    createIfAbsent(companyId, wrapped) {
      if (!stored.has(companyId)) stored.set(companyId, wrapped);
      return Promise.resolve(keysOf(companyId) as WrappedDataKeys);
    },
  };
}

function expectFault(promise: Promise<unknown>, fault: SealError['fault']): Promise<void> {
  return expect(promise).rejects.toMatchObject({ name: 'SealError', fault });
}

describe('a sealed secret', () => {
  test('opens in the place that it was sealed for, whatever its text', async () => {
    const vault = createVault({ keys: [KEY_A], companies: memoryStore() });
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme' }),
        fc.string(),
        fc.string(),
        fc.string(),
        async (text, c, w, f) => {
          expect(await vault.open(c, w, f, await vault.seal(c, w, f, text))).toBe(text);
        },
      ),
    );
  });

  test('does not open for another company, webhook or field', async () => {
    const companies = memoryStore();
    const vault = createVault({ keys: [KEY_A], companies });
    const sealed = await vault.seal('c1', 'wh_1', 'authentication.password', 's3cret');
    await expectFault(vault.open('c1', 'wh_2', 'authentication.password', sealed), 'not-authentic');
    await expectFault(vault.open('c1', 'wh_1', 'headers.x-key', sealed), 'not-authentic');
    await vault.seal('c2', 'wh_1', 'authentication.password', 'other');
    await expectFault(vault.open('c2', 'wh_1', 'authentication.password', sealed), 'unknown-data-key');
    companies.stored.set('c3', companies.stored.get('c1') as WrappedDataKey);
    await expectFault(vault.open('c3', 'wh_1', 'authentication.password', sealed), 'not-authentic');
  });

  test('is bound to its place even where ids contain separators', () => {
    expect(placeOf('a|b', 'c')).not.toEqual(placeOf('a', 'b|c'));
    expect(placeOf('a","b', 'c')).not.toEqual(placeOf('a', 'b","c'));
  });

  test('does not open when one bit of it was changed', async () => {
    const vault = createVault({ keys: [KEY_A], companies: memoryStore() });
    const sealed = await vault.seal('c1', 'wh_1', 'f', 'text of some length');
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('iv', 'ct', 'tag'), fc.nat(), fc.nat(7), async (part, at, bit) => {
        const bytes = Buffer.from(sealed[part as 'iv']);
        const index = at % bytes.length;
        bytes[index] = (bytes[index] as number) ^ (1 << bit);
        await expectFault(vault.open('c1', 'wh_1', 'f', { ...sealed, [part]: bytes }), 'not-authentic');
      }),
    );
  });

  test('is refused with a tag of 4 bytes, which this Node would accept if it were not told the length', () => {
    const key = createSecretKey(randomBytes(32));
    const place = placeOf('c1', 'wh_1', 'f');
    const whole = encrypt(key, place, Buffer.from('text'));
    const short = Buffer.from(whole.tag.subarray(0, 4));
    expect(() => decrypt(key, place, { ...whole, tag: short })).toThrow(SealError);
    const careless = createDecipheriv('aes-256-gcm', key, whole.iv);
    careless.setAAD(place);
    careless.setAuthTag(short);
    expect(Buffer.concat([careless.update(whole.ct), careless.final()]).toString()).toBe('text');
  });

  test('is refused with an iv of another length, also one that is authentic', () => {
    const key = createSecretKey(randomBytes(32));
    const place = placeOf('c1', 'wh_1', 'f');
    const iv = randomBytes(16);
    const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: 16 });
    cipher.setAAD(place);
    const ct = Buffer.concat([cipher.update('text'), cipher.final()]);
    expect(() => decrypt(key, place, { v: 1, iv, ct, tag: cipher.getAuthTag() })).toThrow(SealError);
  });

  test('of a later version is refused as such', async () => {
    const vault = createVault({ keys: [KEY_A], companies: memoryStore() });
    const sealed = await vault.seal('c1', 'wh_1', 'f', 'text');
    await expectFault(vault.open('c1', 'wh_1', 'f', { ...sealed, v: 2 } as unknown as Sealed), 'unknown-version');
  });

  test('never repeats an iv', async () => {
    const vault = createVault({ keys: [KEY_A], companies: memoryStore() });
    const sealed = await Promise.all(Array.from({ length: 2_000 }, () => vault.seal('c1', 'wh_1', 'f', 'same text')));
    expect(new Set(sealed.map(({ iv }) => Buffer.from(iv).toString('hex'))).size).toBe(2_000);
  });
});

describe("a company's data key", () => {
  test('is one, also when two processes make it at the same instant', async () => {
    const companies = memoryStore();
    const vaults = [1, 2, 3].map(() => createVault({ keys: [KEY_A], companies }));
    const sealed = await Promise.all(vaults.map((vault) => vault.seal('c1', 'wh_1', 'f', 'text')));
    expect(new Set(sealed.map(({ kid }) => kid)).size).toBe(1);
    for (const vault of vaults) for (const one of sealed) expect(await vault.open('c1', 'wh_1', 'f', one)).toBe('text');
  });

  test('is read once, however many secrets wait for it', async () => {
    const companies = memoryStore();
    const sealed = await createVault({ keys: [KEY_A], companies }).seal('c1', 'wh_1', 'f', 'text');
    const vault = createVault({ keys: [KEY_A], companies });
    companies.finds = 0;
    await Promise.all(Array.from({ length: 50 }, () => vault.open('c1', 'wh_1', 'f', sealed)));
    expect(companies.finds).toBe(1);
  });

  test('that is gone makes its secrets unreadable', async () => {
    const companies = memoryStore();
    const sealed = await createVault({ keys: [KEY_A], companies }).seal('c1', 'wh_1', 'f', 'text');
    companies.stored.delete('c1');
    const vault = createVault({ keys: [KEY_A], companies });
    await expectFault(vault.open('c1', 'wh_1', 'f', sealed), 'unknown-data-key');
  });

  test('that was replaced is noticed before a secret is refused', async () => {
    const companies = memoryStore();
    const stale = createVault({ keys: [KEY_A], companies });
    await stale.seal('c1', 'wh_1', 'f', 'old');
    companies.stored.delete('c1');
    const sealed = await createVault({ keys: [KEY_A], companies }).seal('c1', 'wh_1', 'f', 'new');
    expect(await stale.open('c1', 'wh_1', 'f', sealed)).toBe('new');
  });

  test('wrapped by an older key-encryption key opens as long as that one is configured', async () => {
    const companies = memoryStore();
    const sealed = await createVault({ keys: [KEY_A], companies }).seal('c1', 'wh_1', 'f', 'text');
    const rotated = createVault({ keys: [KEY_B, KEY_A], companies });
    expect(await rotated.open('c1', 'wh_1', 'f', sealed)).toBe('text');
    await rotated.seal('c2', 'wh_2', 'f', 'text');
    expect(companies.stored.get('c2')?.kid).toBe('kek-b');
    const without = createVault({ keys: [KEY_B], companies });
    const opening = without.open('c1', 'wh_1', 'f', sealed);
    await expectFault(opening, 'unknown-key-encryption-key');
    await expect(opening).rejects.toThrow('"kek-a" is not configured; configured are: kek-b');
  });

  test('does not show in an inspection', () => {
    const ring = new KeyRing([KEY_A]);
    const dataKey = ring.unwrap('c1', ring.newDataKey('c1'));
    const bytes = dataKey.key.export().toString('hex');
    expect(inspect(dataKey, { depth: 9, showHidden: true })).not.toContain(bytes.slice(0, 8));
  });
});

describe('while a company has two data keys', () => {
  async function renewed(key?: KeyEncryptionKey) {
    const companies = memoryStore();
    const stale = createVault({ keys: [KEY_A, KEY_B], companies });
    const old = await stale.seal('c1', 'wh_1', 'f', 'old');
    companies.renew('c1', key);
    companies.finds = 0;
    return { companies, stale, old };
  }

  test('what is new is sealed with the current one, and both open', async () => {
    const { companies, old } = await renewed();
    const vault = createVault({ keys: [KEY_A], companies });
    const sealed = await vault.seal('c1', 'wh_1', 'f', 'new');
    expect(sealed.kid).toBe(companies.stored.get('c1')?.id);
    expect(sealed.kid).not.toBe(old.kid);
    expect(await vault.open('c1', 'wh_1', 'f', sealed)).toBe('new');
    expect(await vault.open('c1', 'wh_1', 'f', old)).toBe('old');
    expect(companies.finds).toBe(1);
  });

  test('a process that knows the old one alone opens what others seal, and what it sealed opens everywhere', async () => {
    const { companies, stale } = await renewed();
    const straggler = await stale.seal('c1', 'wh_1', 'f', 'late');
    expect(straggler.kid).toBe(companies.previous.get('c1')?.id);
    const vault = createVault({ keys: [KEY_A], companies });
    expect(await vault.open('c1', 'wh_1', 'f', straggler)).toBe('late');
    expect(await stale.open('c1', 'wh_1', 'f', await vault.seal('c1', 'wh_1', 'f', 'new'))).toBe('new');
    // From then on it seals with the current one, too.
    expect((await stale.seal('c1', 'wh_1', 'f', 'more')).kid).toBe(companies.stored.get('c1')?.id);
  });

  test('each is bound to its place like one alone', async () => {
    const { companies, old } = await renewed();
    const vault = createVault({ keys: [KEY_A], companies });
    await expectFault(vault.open('c1', 'wh_2', 'f', old), 'not-authentic');
    await expectFault(vault.open('c1', 'wh_1', 'f', { ...old, kid: 'dk_other' }), 'unknown-data-key');
    await expectFault(
      vault.open('c1', 'wh_1', 'f', { ...old, kid: companies.stored.get('c1')?.id ?? '' }),
      'not-authentic',
    );
  });

  test('a look-up that began before the renewal refuses nothing: there is another one', async () => {
    const { companies, stale } = await renewed();
    const sealed = await stale.seal('c1', 'wh_1', 'f', 'text');
    const current = await createVault({ keys: [KEY_A], companies }).seal('c1', 'wh_1', 'f', 'new');
    const answers: ((keys: WrappedDataKeys | undefined) => void)[] = [];
    const slow: DataKeyStore = { ...companies, find: () => new Promise((resolve) => answers.push(resolve)) };
    const vault = createVault({ keys: [KEY_A], companies: slow });
    const before = { current: companies.previous.get('c1') as WrappedDataKey };
    const opening = [vault.open('c1', 'wh_1', 'f', sealed), vault.open('c1', 'wh_1', 'f', current)];
    expect(answers).toHaveLength(1);
    answers[0]?.(before);
    expect(await opening[0]).toBe('text');
    expect(answers).toHaveLength(2);
    answers[1]?.(await companies.find('c1'));
    expect(await opening[1]).toBe('new');
  });

  test('a previous one that does not unwrap concerns what is sealed with it alone', async () => {
    const { companies, old } = await renewed(KEY_B);
    const vault = createVault({ keys: [KEY_B], companies });
    expect(await vault.open('c1', 'wh_1', 'f', await vault.seal('c1', 'wh_1', 'f', 'new'))).toBe('new');
    await expectFault(vault.open('c1', 'wh_1', 'f', old), 'unknown-key-encryption-key');
  });

  test('the old one seals for 60 s at most, counted from the beginning of the look that found it', async () => {
    const companies = memoryStore();
    const clock = jest.spyOn(performance, 'now');
    // The cache looks at its clock once in a millisecond: its own timer comes before ours.
    const itIs = (now: number) => {
      clock.mockReturnValue(now);
      return new Promise((resolve) => setTimeout(resolve, 5));
    };
    try {
      await itIs(1_000);
      await createVault({ keys: [KEY_A], companies }).seal('c1', 'wh_1', 'f', 'text');
      const old = companies.stored.get('c1')?.id;
      const find = async (companyId: string) => {
        const found = await companies.find(companyId);
        await itIs(21_000);
        return found;
      };
      const vault = createVault({ keys: [KEY_A], companies: { ...companies, find } });
      expect((await vault.seal('c1', 'wh_1', 'f', 'text')).kid).toBe(old);
      companies.renew('c1');
      await itIs(1_000 + DATA_KEYS_TRUSTED_MS);
      expect((await vault.seal('c1', 'wh_1', 'f', 'text')).kid).toBe(old);
      await itIs(1_001 + DATA_KEYS_TRUSTED_MS);
      expect((await vault.seal('c1', 'wh_1', 'f', 'text')).kid).toBe(companies.stored.get('c1')?.id);
    } finally {
      clock.mockRestore();
    }
  });

  test('a previous one that is gone is a refusal, once what was cached of it is looked at again', async () => {
    const { companies, old } = await renewed();
    companies.previous.delete('c1');
    await expectFault(createVault({ keys: [KEY_A], companies }).open('c1', 'wh_1', 'f', old), 'unknown-data-key');
  });
});

describe('the configured key-encryption keys', () => {
  test.each<[string, KeyEncryptionKey[], string]>([
    ['none', [], 'no key-encryption key is configured'],
    ['a key that is too short', [{ kid: 'a', key: randomBytes(16) }], '"a" has 16 bytes instead of 32'],
    ['an empty kid', [{ kid: '', key: randomBytes(32) }], 'empty kid'],
    ['a kid given twice', [KEY_A, KEY_A], 'share a kid'],
  ])('%s are refused at the start', (_, keys, fault) => {
    expect(() => createVault({ keys, companies: memoryStore() })).toThrow(ConfigError);
    expect(() => createVault({ keys, companies: memoryStore() })).toThrow(fault);
  });
});
