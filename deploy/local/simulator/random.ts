/**
 * Chance that repeats: the same seed gives the same numbers on every machine and Node version.
 * The generator is sfc32, its state filled from the seed by splitmix32; good for simulation, not for secrets.
 */
export interface Random {
  /** At least 0, below 1. */
  fraction(): number;
  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number;
  /** True in `probability` (0 to 1) of all cases. */
  chance(probability: number): boolean;
  /** One of a list that isn't empty. */
  pick<T>(list: readonly T[]): T;
  /** `length` characters of Crockford's base 32, as identifiers use. */
  identifier(length: number): string;
}

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export function createRandom(seed: number): Random {
  const next = sfc32(seed);
  const random: Random = {
    fraction: () => next() / 4_294_967_296,
    whole: (least, most) => least + Math.floor(random.fraction() * (most - least + 1)),
    chance: (probability) => random.fraction() < probability,
    pick: (list) => {
      const picked = list[random.whole(0, list.length - 1)];
      if (picked === undefined) throw new RangeError('nothing to pick from');
      return picked;
    },
    identifier: (length) => Array.from({ length }, () => ALPHABET[next() & 31]).join(''),
  };
  return random;
}

function sfc32(seed: number): () => number {
  const fill = splitmix32(seed);
  let [a, b, c, counter] = [fill(), fill(), fill(), 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  for (let round = 0; round < 12; round += 1) next();
  return next;
}

function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
}
