import { hash } from 'node:crypto';
import type { Letter } from '../history.js';

/** By which a record that can't be read is found again among the dead letters. */
export function digestOf(value: Buffer | null): string {
  return hash('sha256', value ?? Buffer.alloc(0), 'base64url').slice(0, DIGEST_CHARACTERS);
}

/** 96 bits: enough for some hundred thousand records. */
const DIGEST_CHARACTERS = 16;

/** The records, by their digests, that stand among the dead letters less often than they were produced. */
export function findUnparked(produced: readonly string[], letters: readonly Pick<Letter, 'digest'>[]): string[] {
  const parked = new Map<string, number>();
  for (const { digest } of letters) parked.set(digest, (parked.get(digest) ?? 0) + 1);
  return produced.filter((digest) => {
    const left = parked.get(digest) ?? 0;
    parked.set(digest, left - 1);
    return left <= 0;
  });
}
