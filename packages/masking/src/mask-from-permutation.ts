import { checkBatch, isCount } from './checks.js';
import type { Mask } from './mask.js';

/**
 * What {@link maskFromPermutation} cannot read from the permutation itself.
 *
 * @example
 * const options: PermutationOptions = { batch: 8, visible: 57 };
 */
export interface PermutationOptions {
  /** Number of clips, B. */
  readonly batch: number;
  /** Visible tokens of each clip, V, at least 1 and less than N. */
  readonly visible: number;
}

/**
 * Makes the mask of a recorded shuffle, such as the authors' `ids_shuffle`: of each clip the first `visible` tokens are
 * visible and the rest masked, both in the recorded order.
 *
 * @param permutation - (B, N) row-major; each row holds every index from 0 to N - 1 once
 * @throws RangeError if the length is not a multiple of the batch, if one side would be empty, or if a row is no permutation
 *
 * @example
 * maskFromPermutation([2, 0, 1, 1, 2, 0], { batch: 2, visible: 1 }); // visible [2, 1], masked [0, 1, 2, 0]
 */
export function maskFromPermutation(permutation: ArrayLike<number>, { batch, visible }: PermutationOptions): Mask {
  const name = 'maskFromPermutation';
  checkBatch(name, batch);
  const tokens = permutation.length / batch;
  if (!isCount(tokens))
    throw new RangeError(
      `${name}: expected ${batch} rows of equal length, got ${permutation.length} indices; is the batch right?`,
    );
  if (!isCount(visible) || visible >= tokens)
    throw new RangeError(
      `${name}: expected visible between 1 and ${tokens - 1}, got ${visible}; use countVisible(${tokens}, ratio)`,
    );
  const mask = {
    visible: new Int32Array(batch * visible), // (B, V)
    masked: new Int32Array(batch * (tokens - visible)), // (B, M)
    batch,
  };
  const seenIn = new Int32Array(tokens); // the clip, counted from 1, in which a token stood last
  for (let clip = 0; clip < batch; clip++) {
    for (let i = 0; i < tokens; i++) {
      const token = permutation[clip * tokens + i]!;
      if (!Number.isInteger(token) || token < 0 || token >= tokens || seenIn[token] === clip + 1)
        throw new RangeError(
          `${name}: expected each of 0..${tokens - 1} once in row ${clip}, got ${token} at place ${i}; give the whole shuffle, (batch, tokens) row-major`,
        );
      seenIn[token] = clip + 1;
      if (i < visible) mask.visible[clip * visible + i] = token;
      else mask.masked[clip * (tokens - visible) + i - visible] = token;
    }
  }
  return mask;
}
