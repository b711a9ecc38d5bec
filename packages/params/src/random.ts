import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A source of uniform numbers in [0, 1). Structural: any generator will do. */
export type Random = () => number;

/**
 * The random numbers that belong to a seed and a purpose: uniform in [0, 1), the same on every machine.
 *
 * A draw never depends on what was drawn before for another purpose, so a resumed run draws what the unbroken run
 * would have drawn. The generator is xoroshiro128+ (Blackman & Vigna 2018) from a hash of seed and purpose.
 *
 * @param seed of the run, a whole number.
 * @param purpose what the numbers are for, e.g. `'mask', step`.
 * @throws Error for a seed that is not a whole number.
 * @example
 * const random = randomStream(1337, 'mask', step);
 */
export function randomStream(seed: number, ...purpose: readonly (string | number)[]): Random {
  if (!Number.isSafeInteger(seed)) {
    throw new Error(`randomStream: expected a seed that is a whole number, got ${seed}; e.g. 1337`);
  }
  const generator = xoroshiro128plus(hash(JSON.stringify([seed, ...purpose])));
  return () => uniformFloat64(generator);
}

/** FNV-1a with the final mix of MurmurHash3, without which purposes that differ in a last digit draw alike at first. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (const char of text) h = Math.imul(h ^ char.codePointAt(0)!, 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * The numbers 0 to n - 1 in random order, every order equally likely (Fisher & Yates; Durstenfeld 1964).
 *
 * @param n a whole number of 0 or more.
 * @param random uniform numbers in [0, 1); n - 1 of them are drawn.
 * @throws Error for an n that is not a whole number of 0 or more.
 * @example
 * const order = permutation(clips.length, randomStream(1337, 'order', epoch));
 */
export function permutation(n: number, random: Random): Int32Array {
  if (!Number.isInteger(n) || n < 0) {
    throw new Error(`permutation: expected a whole number of 0 or more, got ${n}; give the number of items`);
  }
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
