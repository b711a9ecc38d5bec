import type { ModelOptions } from '../src/index.js';

/** The smallest model that has every part. */
export const tinyModel: ModelOptions = {
  bins: 16,
  patch: [8, 8],
  encoder: { embedDim: 16, depth: 2, numHeads: 2 },
  predictor: { embedDim: 12, depth: 1, numHeads: 3 },
  head: { hiddenDim: 16, bottleneckDim: 8, pseudoClasses: 12 },
};
