// Features in a page, of a checkpoint and sounds that a visitor chose in <input type="file">. The page serves the .wasm files of
// @tensorflow/tfjs-backend-wasm in `wasmFolder`, such as '/wasm/'. For WebGPU, import @tensorflow/tfjs-backend-webgpu, set 'webgpu'.
import { decodeAudio } from '@audio-ssl/audio-frontend';
import { openModel } from '@audio-ssl/pretrained';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

export async function openEmbedder(checkpoint: Blob, wasmFolder: string) {
  setWasmPaths(wasmFolder);
  if (!(await tf.setBackend('wasm'))) throw new Error(`wasm does not start; are its .wasm files in ${wasmFolder}?`);
  const model = await openModel(checkpoint);
  const extract = model.createExtractor({ time: 'mean' });
  return {
    embed: async (sound: Blob): Promise<Float32Array> =>
      (await extract(await decodeAudio(new Uint8Array(await sound.arrayBuffer())))).data,
    dispose: (): void => model.dispose(),
  };
}
