import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Random } from './initializers.js';

/**
 * The random numbers that belong to a seed and a purpose: uniform in [0, 1), the same on every machine.
 *
 * A draw never depends on what was drawn before for another purpose, so a resumed run draws what the unbroken run
 * would have drawn.
 *
 * @param seed of the run, an integer.
 * @param purpose what the numbers are for, e.g. `'mask', step`.
 * @example
 * const random = randomStream(1337, 'mask', step);
 */
export function randomStream(seed: number, ...purpose: readonly (string | number)[]): Random {
  // FNV-1a over the purpose: streams of one seed start far apart.
  let hash = 0x811c9dc5;
  for (const char of JSON.stringify([seed, ...purpose])) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193);
  const generator = xoroshiro128plus(hash);
  return () => uniformFloat64(generator);
}
