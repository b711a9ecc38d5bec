import type { ModelOptions } from './options.js';

const front = { bins: 80, patch: [16, 16] } as const;

/**
 * Sizes by name. `base` is the paper's; `tiny` and `small` are for small machines; `small-data` is for a few hours of
 * audio, where long training of a small network pays most; `demo` is what the shipped example trains in minutes on two
 * cores.
 */
export const sizes = {
  base: {
    ...front,
    encoder: { embedDim: 768, depth: 12, numHeads: 12 },
    predictor: { embedDim: 512, depth: 8, numHeads: 16 },
    head: { hiddenDim: 2048, bottleneckDim: 256, pseudoClasses: 2048 },
  },
  small: {
    ...front,
    encoder: { embedDim: 384, depth: 12, numHeads: 6 },
    predictor: { embedDim: 256, depth: 6, numHeads: 8 },
    head: { hiddenDim: 2048, bottleneckDim: 256, pseudoClasses: 2048 },
  },
  tiny: {
    ...front,
    encoder: { embedDim: 192, depth: 12, numHeads: 3 },
    predictor: { embedDim: 128, depth: 4, numHeads: 4 },
    head: { hiddenDim: 512, bottleneckDim: 256, pseudoClasses: 2048 },
  },
  'small-data': {
    ...front,
    encoder: { embedDim: 192, depth: 6, numHeads: 3 },
    predictor: { embedDim: 96, depth: 2, numHeads: 3 },
    head: { hiddenDim: 256, bottleneckDim: 128, pseudoClasses: 512 },
  },
  demo: {
    ...front,
    encoder: { embedDim: 128, depth: 4, numHeads: 4 },
    predictor: { embedDim: 64, depth: 2, numHeads: 4 },
    head: { hiddenDim: 128, bottleneckDim: 64, pseudoClasses: 256 },
  },
} as const satisfies Record<string, ModelOptions>;

/** Name of a set of sizes. */
export type Size = keyof typeof sizes;
