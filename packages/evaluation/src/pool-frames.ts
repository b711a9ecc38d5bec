import { checkFeatures, type Features } from './features.js';

/** The ways in which {@link poolFrames} makes one vector of the frames of a clip. */
export const poolings = ['mean', 'max', 'mean+std', 'mean+max', 'mean+std+max'] as const;

/** How the frames of a clip become one vector: mean, population standard deviation and maximum over time, side by side. */
export type Pooling = (typeof poolings)[number];

/**
 * One vector for a clip from its frame features (T, D): D values for `mean` (the MATPAC paper's), 3 D for `mean+std+max`
 * (all means, then all population standard deviations, then all maxima), and so on.
 *
 * @throws Error for no frames, NaN or an unknown pooling.
 * @example
 * poolFrames({ data: Float32Array.of(1, 3), rows: 2, dims: 1 }, 'mean+std+max'); // [2, 1, 3]
 */
export function poolFrames(frames: Features, pooling: Pooling): Float32Array {
  checkFeatures('poolFrames', frames);
  if (!poolings.includes(pooling)) {
    throw new Error(
      `poolFrames: expected pooling ${poolings.map((name) => `'${name}'`).join(', ')}, got '${String(pooling)}'`,
    );
  }
  const { data, rows, dims } = frames;
  const mean = new Float64Array(dims);
  const squares = new Float64Array(dims);
  const max = new Float64Array(dims).fill(-Infinity);
  for (let t = 0; t < rows; t++) for (let d = 0; d < dims; d++) mean[d]! += data[t * dims + d]! / rows;
  for (let t = 0; t < rows; t++) {
    for (let d = 0; d < dims; d++) {
      const value = data[t * dims + d]!;
      squares[d]! += (value - mean[d]!) ** 2 / rows;
      if (value > max[d]!) max[d] = value;
    }
  }
  const statistics = { mean, std: squares.map(Math.sqrt), max };
  const parts = pooling.split('+') as (keyof typeof statistics)[];
  const pooled = new Float32Array(parts.length * dims);
  parts.forEach((part, i) => pooled.set(statistics[part], i * dims));
  return pooled;
}
