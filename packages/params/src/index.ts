export {
  cloneTree,
  countParameters,
  disposeTree,
  fromLeaves,
  leaves,
  mapTree,
  zipTrees,
  type MapLeaves,
  type TensorTree,
  type Tree,
} from './tree.js';
export { noGrad, valueAndGrad, type Gradients } from './gradients.js';
export { after, isRecording, runFused } from './fused.js';
export { remat } from './remat.js';
export { tidy } from './tidy.js';
export { asScalar, type Scalar } from './scalar.js';
export { normal, ones, truncatedNormal, uniform, xavierUniform, zeros, type Random } from './initializers.js';
export { randomStream } from './random-stream.js';
