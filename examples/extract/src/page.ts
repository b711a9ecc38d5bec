// Features in a page, of a checkpoint and sounds that a visitor chose in <input type="file">. The page serves the .wasm files of
// @tensorflow/tfjs-backend-wasm and of @audio-ssl/audio-decoders in `wasmFolder`, such as '/wasm/'. For WebGPU, import
// @tensorflow/tfjs-backend-webgpu, set 'webgpu'.
import { openAudio, useDecoder } from '@audio-ssl/audio-decoders';
import { openModel, soundStream } from '@audio-ssl/pretrained';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

export async function openEmbedder(checkpoint: Blob, wasmFolder: string) {
  setWasmPaths(wasmFolder);
  useDecoder(`${wasmFolder}decoders.wasm`);
  if (!(await tf.setBackend('wasm'))) throw new Error(`wasm does not start; are its .wasm files in ${wasmFolder}?`);
  const model = await openModel(checkpoint);
  const extract = model.createExtractor({ time: 'mean' });
  return {
    embed: async (sound: Blob): Promise<Float32Array> => {
      const file = await openAudio(sound); // of any format and length; in a worker it is read in parts
      try {
        return (await extract(soundStream(file))).data;
      } finally {
        file.close();
      }
    },
    dispose: (): void => model.dispose(),
  };
}
