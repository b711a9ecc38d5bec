export {
  fromTensors,
  readSafetensors,
  safetensorsChunks,
  toTensor,
  writeSafetensors,
  type Safetensors,
} from './safetensors.js';
export { byteSource, urlSource, type ByteSource } from './byte-source.js';
export type { ElementType } from './element-types.js';
export { describeFit, fitTree, type Fit, type Shaped } from './fit-tree.js';
export { npyHeader } from './npy.js';
export { openTensors } from './open-tensors.js';
export { pytorchChunks, type PytorchOptions } from './pytorch-writer.js';
export { readTree } from './read-tree.js';
export type { PendingTensor, SafetensorsEntry, SafetensorsType, TensorFile, TensorInfo } from './tensor-file.js';
