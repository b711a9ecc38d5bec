export { attention, type AttentionOptions } from './attention.js';
export { dense, initDense, type Dense } from './dense.js';
export { denseGelu } from './dense-gelu.js';
export { gelu } from './gelu.js';
export { l2Normalize } from './l2-normalize.js';
export { initLayerNorm, layerNorm, type LayerNorm } from './layer-norm.js';
