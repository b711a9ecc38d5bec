import type { Features } from './features.js';

/** What a scaler does: zero mean and unit variance, zero mean alone, or nothing. */
export type Scaling = 'standardize' | 'center' | 'none';

/** Brings every dimension to the mean and variance that its scaling says, measured on the rows it was fitted on. */
export interface Scaler {
  /** The features, or those rows of them, brought to that scale. */
  apply(features: Features, rows?: Int32Array): Features;
}

/** Measures mean and standard deviation per dimension over the given rows (all by default), in double precision. */
export function fitScaler(
  { data, rows: total, dims }: Features,
  rows?: Int32Array,
  scaling: Scaling = 'standardize',
): Scaler {
  const count = rows ? rows.length : total;
  const mean = new Float64Array(dims);
  const squares = new Float64Array(dims);
  for (let i = 0; i < count; i++) {
    const at = (rows ? rows[i]! : i) * dims;
    for (let d = 0; d < dims; d++) mean[d]! += data[at + d]!;
  }
  for (let d = 0; d < dims; d++) mean[d]! /= scaling === 'none' ? Infinity : count;
  for (let i = 0; i < count; i++) {
    const at = (rows ? rows[i]! : i) * dims;
    for (let d = 0; d < dims; d++) squares[d]! += (data[at + d]! - mean[d]!) ** 2;
  }
  // A dimension that only varies by float32 rounding carries nothing: it becomes 0 instead of amplified noise.
  const scale = squares.map((sum, d) => {
    if (scaling !== 'standardize') return 1;
    const deviation = Math.sqrt(sum / count);
    return deviation > 1e-6 * Math.abs(mean[d]!) ? 1 / deviation : 0;
  });
  return {
    apply: (features, picked) => {
      const n = picked ? picked.length : features.rows;
      const scaled = new Float32Array(n * dims);
      for (let i = 0; i < n; i++) {
        const at = (picked ? picked[i]! : i) * dims;
        for (let d = 0; d < dims; d++) scaled[i * dims + d] = (features.data[at + d]! - mean[d]!) * scale[d]!;
      }
      return { data: scaled, rows: n, dims };
    },
  };
}
