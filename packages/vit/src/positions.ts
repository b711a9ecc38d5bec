import type { Grid } from '@audio-ssl/masking';
import type * as tf from '@tensorflow/tfjs-core';
import { hostTensor2d } from './host-tensor.js';

/**
 * Fixed two-dimensional sine-cosine positions (Vaswani et al. 2017, section 3.5, once per axis; MAE's layout): the first
 * half of the channels encodes the time column, the second half the frequency row, each as
 * [sin(p w_i) | cos(p w_i)] with w_i = 10000^(-i / (D/4)). Computed in double precision, so any grid gets the values
 * that a larger one has at the same place; no backend needs to run yet.
 *
 * @param grid patches along frequency and time.
 * @param dim channels D, a multiple of 4.
 * @param options `timeOffset`: the column at which the grid starts (default 0).
 * @returns (N, D), token index f * T + t. The class token's position is zero and not part of it.
 * @throws Error when D is not a multiple of 4.
 * @example
 * const positions = sinCosPositions({ freq: 5, time: 38 }, 768); // (190, 768)
 */
export function sinCosPositions(grid: Grid, dim: number, { timeOffset = 0 } = {}): tf.Tensor2D {
  return hostTensor2d(sinCosTable(grid, dim, { timeOffset }), [grid.freq * grid.time, dim]);
}

/**
 * The numbers of {@link sinCosPositions}, row-major (N, D).
 *
 * @throws Error when D is not a multiple of 4.
 * @example
 * const table = sinCosTable({ freq: 5, time: 38 }, 768); // 190 * 768 values
 */
export function sinCosTable(grid: Grid, dim: number, { timeOffset = 0 } = {}): Float32Array {
  if (!Number.isInteger(dim / 4) || dim <= 0) {
    throw new Error(`sinCosPositions: expected a width that is a multiple of 4, got ${dim}`);
  }
  const quarter = dim / 4;
  const values = new Float32Array(grid.freq * grid.time * dim);
  for (let f = 0; f < grid.freq; f++) {
    for (let t = 0; t < grid.time; t++) {
      const row = (f * grid.time + t) * dim;
      for (let i = 0; i < quarter; i++) {
        const frequency = 10000 ** (-i / quarter);
        values[row + i] = Math.sin((t + timeOffset) * frequency);
        values[row + quarter + i] = Math.cos((t + timeOffset) * frequency);
        values[row + 2 * quarter + i] = Math.sin(f * frequency);
        values[row + 3 * quarter + i] = Math.cos(f * frequency);
      }
    }
  }
  return values;
}
