import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/**
 * A generator of numbers in [0, 1) that depends on the seed alone.
 *
 * @throws Error for a seed that is no whole number.
 */
export function seededRandom(seed: number): () => number {
  if (!Number.isSafeInteger(seed)) throw new Error(`expected seed to be a whole number, got ${seed}`);
  const generator = xoroshiro128plus(seed);
  // It starts from a state of a few set bits, whose first outputs are alike for neighbouring seeds.
  for (let i = 0; i < 32; i++) generator.next();
  return () => uniformFloat64(generator);
}

/** The numbers 0..n-1 in random order (Fisher-Yates). */
export function permutation(n: number, random: () => number): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
