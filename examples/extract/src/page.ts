// Features in a page, of a checkpoint and a sound that a visitor chose in two <input type="file">; the page serves the .wasm
// files of @tensorflow/tfjs-backend-wasm beside its script. For WebGPU, import @tensorflow/tfjs-backend-webgpu and set 'webgpu'.
import { decodeAudio } from '@audio-ssl/audio-frontend';
import { openModel } from '@audio-ssl/pretrained';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';

export async function embed(checkpoint: Blob, sound: Blob): Promise<Float32Array> {
  await tf.setBackend('wasm');
  const model = await openModel(checkpoint);
  const { data } = await model.createExtractor({ time: 'mean' })(
    await decodeAudio(new Uint8Array(await sound.arrayBuffer())),
  );
  model.dispose();
  return data;
}
