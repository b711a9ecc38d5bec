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
export { accumulate } from './accumulate.js';
export {
  after,
  fusedOperations,
  hasFused,
  isRecording,
  runFused,
  type FusedAttributes,
  type FusedInputs,
  type FusedName,
  type FusedOperation,
  type FusedOutputs,
} from './fused-operations.js';
export { remat } from './remat.js';
export { tidy } from './tidy.js';
export { asScalar, type Scalar } from './scalar.js';
export { normal, ones, truncatedNormal, uniform, xavierUniform, zeros } from './initializers.js';
export { permutation, randomStream, type Random } from './random.js';
