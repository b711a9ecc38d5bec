import { createHash } from 'node:crypto';

import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** A generator of its own for every combination of numbers and words: neighbours have nothing in common. */
export function generatorFor(...parts: readonly (number | string)[]): RandomGenerator {
  return xoroshiro128plus(createHash('sha256').update(JSON.stringify(parts)).digest().readInt32LE());
}

/** A permutation of the items (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], generator: RandomGenerator): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = uniformInt(generator, 0, i);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
