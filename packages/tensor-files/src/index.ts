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
