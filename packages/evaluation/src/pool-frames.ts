import { checkFeatures, type Features } from './features.js';

/** How the frames of a clip become one vector: their mean over time, or mean, standard deviation and maximum side by side. */
export type Pooling = 'mean' | 'mean+std+max';

/**
 * One vector for a clip from its frame features (T, D): D values for `mean`, 3 D for `mean+std+max`
 * (all means, then all population standard deviations, then all maxima).
 *
 * @throws Error for no frames, NaN or an unknown pooling.
 * @example
 * poolFrames({ data: Float32Array.of(1, 3), rows: 2, dims: 1 }, 'mean+std+max'); // [2, 1, 3]
 */
export function poolFrames(frames: Features, pooling: Pooling): Float32Array {
  checkFeatures('poolFrames', frames);
  if (pooling !== 'mean' && pooling !== 'mean+std+max') {
    throw new Error(`poolFrames: expected pooling 'mean' or 'mean+std+max', got '${String(pooling)}'`);
  }
  const { data, rows, dims } = frames;
  const mean = new Float64Array(dims);
  for (let t = 0; t < rows; t++) for (let d = 0; d < dims; d++) mean[d]! += data[t * dims + d]! / rows;
  if (pooling === 'mean') return Float32Array.from(mean);

  const pooled = new Float32Array(3 * dims).fill(-Infinity, 2 * dims);
  pooled.set(mean);
  const squares = new Float64Array(dims);
  for (let t = 0; t < rows; t++) {
    for (let d = 0; d < dims; d++) {
      const value = data[t * dims + d]!;
      squares[d]! += (value - mean[d]!) ** 2 / rows;
      if (value > pooled[2 * dims + d]!) pooled[2 * dims + d] = value;
    }
  }
  for (let d = 0; d < dims; d++) pooled[dims + d] = Math.sqrt(squares[d]!);
  return pooled;
}
