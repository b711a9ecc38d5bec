import type { ByteSource } from './byte-source.js';
import { describeNotWeights, isText } from './not-weights.js';
import { openNpy } from './npy.js';
import { isPickle, openPytorchLegacy, openPytorchZip } from './pytorch.js';
import { openSafetensors } from './safetensors.js';
import type { TensorFile } from './tensor-file.js';

const ZIP = [0x50, 0x4b, 0x03, 0x04];
const NPY = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/**
 * Opens a checkpoint: safetensors, PyTorch's zip or legacy serialisation, or an npy array. The format is recognised from
 * the bytes, never from the name. Only the table of contents is read; tensors are read one by one when asked for, so a
 * file of 1 GB needs no 1 GB.
 *
 * A PyTorch checkpoint is a pickle, that is, a program. Only the operations and names that tensors, numbers, strings and
 * containers need are interpreted, and nothing of the file is ever run. Objects of other classes are left out, and listed in
 * `leftOut`; what makes tensors in a way that is not known, and what no checkpoint needs, is refused by name.
 *
 * @param source from `openFile` of `@audio-ssl/tensor-files/node`, or from {@link byteSource} or {@link urlSource}.
 * @throws Error naming the file and what is wrong with it.
 * @example
 * const file = await openTensors(await openFile('matpac_10_2048.pt'));
 * for (const [name, { shape }] of file.tensors) console.log(name, shape);
 * const { data } = await file.read('cls_token');
 */
export async function openTensors(source: ByteSource): Promise<TensorFile> {
  const start = await source.read(0, Math.min(source.size, 16));
  const begins = (magic: readonly number[]): boolean => magic.every((byte, i) => start[i] === byte);
  if (begins(ZIP)) return openPytorchZip(source);
  if (begins(NPY)) return openNpy(source);
  if (isPickle(start)) return openPytorchLegacy(source);
  // The length of a header as text would be beyond any file's.
  if (start[8] === 0x7b && !isText(start.subarray(0, 8))) return openSafetensors(source);
  throw new Error(`openTensors: ${source.name}: ${await describeNotWeights(source, start)}`);
}
