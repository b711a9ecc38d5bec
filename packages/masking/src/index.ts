export { blockMask, type BlockMaskOptions } from './block-mask.js';
export { countVisible } from './count-visible.js';
export { frequencyMask } from './frequency-mask.js';
export { inverseBlockMask } from './inverse-block-mask.js';
export type { LineMaskOptions } from './line-mask.js';
export type { Grid, Mask, MaskStrategy, Random } from './mask.js';
export { maskFromPermutation, type PermutationOptions } from './mask-from-permutation.js';
export {
  createMask,
  maskOptionSpecs,
  maskStrategies,
  type MaskOptionName,
  type MaskOptions,
  type MaskStrategyEntry,
  type MaskStrategyName,
} from './mask-strategies.js';
export { multiBlockMask, type MultiBlockMaskOptions } from './multi-block-mask.js';
export type { MaskOptionSpec } from './option-spec.js';
export { randomMask, type RandomMaskOptions } from './random-mask.js';
export { timeMask } from './time-mask.js';
export { validateMask } from './validate-mask.js';
