import { checkFeatures, type Features } from './features.js';
import { poolings, type Pooling } from './poolings.js';

/** Pools frames that come piece by piece, in memory for one frame. */
export interface Pooler {
  /**
   * Adds frames (T, D) behind those before; they are not kept.
   *
   * @throws Error for no frames, another D than before, or NaN.
   */
  push(frames: Features): void;
  /**
   * The vector of all frames so far: what {@link poolFrames} makes of them at once, up to the rounding of double precision.
   *
   * @throws Error for an unknown pooling, or before the first frame.
   */
  result(pooling: Pooling): Float32Array;
}

/**
 * Pools the frames of a clip of any length. Mean and variance of the pieces are joined as Chan, Golub and LeVeque (1979,
 * eq. 2.1) do, which stays exact where the deviation is small beside the mean.
 *
 * @param caller names the function in its errors
 * @example
 * const pooler = createPooler();
 * pooler.push({ data: Float32Array.of(1), rows: 1, dims: 1 });
 * pooler.push({ data: Float32Array.of(3), rows: 1, dims: 1 });
 * pooler.result('mean+std+max'); // [2, 1, 3]
 */
export function createPooler(caller = 'createPooler'): Pooler {
  let count = 0;
  let dims = 0;
  let statistics = { mean: new Float64Array(), variance: new Float64Array(), max: new Float64Array() };

  return {
    push(frames) {
      checkFeatures(caller, frames);
      if (count === 0) {
        ({ dims } = frames);
        const zeros = (): Float64Array<ArrayBuffer> => new Float64Array(dims);
        statistics = { mean: zeros(), variance: zeros(), max: zeros().fill(-Infinity) };
      } else if (frames.dims !== dims)
        throw new Error(`${caller}: expected frames of ${dims} dimensions, as before, got ${frames.dims}`);
      const { mean, variance, max } = statistics;
      const own = describe(frames);
      const total = count + frames.rows;
      const [before, now] = [count / total, frames.rows / total]; // shares of all frames
      for (let d = 0; d < dims; d++) {
        const apart = own.mean[d]! - mean[d]!;
        mean[d]! += apart * now;
        variance[d] = variance[d]! * before + own.variance[d]! * now + apart ** 2 * before * now;
        if (own.max[d]! > max[d]!) max[d] = own.max[d]!;
      }
      count = total;
    },
    result(pooling) {
      if (!poolings.includes(pooling)) {
        throw new Error(
          `${caller}: expected pooling ${poolings.map((name) => `'${name}'`).join(', ')}, got '${String(pooling)}'`,
        );
      }
      if (count === 0) throw new Error(`${caller}: expected at least one frame, got none; push the frames first`);
      const { mean, variance, max } = statistics;
      const named = { mean, std: variance.map(Math.sqrt), max };
      const parts = pooling.split('+') as (keyof typeof named)[];
      const pooled = new Float32Array(parts.length * dims);
      parts.forEach((part, i) => pooled.set(named[part], i * dims));
      return pooled;
    },
  };
}

/** Mean, population variance and maximum of each dimension. */
function describe({ data, rows, dims }: Features): Readonly<Record<'mean' | 'variance' | 'max', Float64Array>> {
  const mean = new Float64Array(dims);
  const variance = new Float64Array(dims);
  const max = new Float64Array(dims).fill(-Infinity);
  for (let t = 0; t < rows; t++) for (let d = 0; d < dims; d++) mean[d]! += data[t * dims + d]! / rows;
  for (let t = 0; t < rows; t++) {
    for (let d = 0; d < dims; d++) {
      const value = data[t * dims + d]!;
      variance[d]! += (value - mean[d]!) ** 2 / rows;
      if (value > max[d]!) max[d] = value;
    }
  }
  return { mean, variance, max };
}
