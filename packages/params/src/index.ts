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
export {
  fromTensors,
  readSafetensors,
  safetensorsChunks,
  toTensor,
  writeSafetensors,
  type PendingTensor,
  type Safetensors,
  type SafetensorsEntry,
  type SafetensorsType,
} from './safetensors.js';
export { byteSource, urlSource, type ByteSource } from './byte-source.js';
export type { ElementType } from './element-types.js';
export { npyHeader } from './npy.js';
export { openTensors } from './open-tensors.js';
export { pytorchChunks, type PytorchOptions } from './pytorch-writer.js';
export type { TensorFile, TensorInfo } from './tensor-file.js';
export { randomStream } from './random-stream.js';
