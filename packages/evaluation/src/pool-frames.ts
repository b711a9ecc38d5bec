import { createPooler } from './create-pooler.js';
import type { Features } from './features.js';
import type { Pooling } from './poolings.js';

/**
 * One vector for a clip from its frame features (T, D): D values for `mean` (the MATPAC paper's), 3 D for `mean+std+max`
 * (all means, then all population standard deviations, then all maxima), and so on. {@link createPooler} does the same for
 * frames that come piece by piece.
 *
 * @throws Error for no frames, NaN or an unknown pooling.
 * @example
 * poolFrames({ data: Float32Array.of(1, 3), rows: 2, dims: 1 }, 'mean+std+max'); // [2, 1, 3]
 */
export function poolFrames(frames: Features, pooling: Pooling): Float32Array {
  const pooler = createPooler('poolFrames');
  pooler.push(frames);
  return pooler.result(pooling);
}
