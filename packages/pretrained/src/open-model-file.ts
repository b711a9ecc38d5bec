import { loadModel, type LoadModelOptions } from './load-model.js';
import { openModel as openSource, withExtractors, type ModelSource, type OpenedModel } from './open-model.js';
import { openTensorsAt } from './open-tensors-at.js';

/**
 * `openModel` of `@audio-ssl/pretrained` that takes a path as well: a file, an index of shards, or a folder as the Hugging Face
 * Hub lays it out ({@link openTensorsAt}). It is closed once its encoder is in memory.
 *
 * @throws Error naming the path when there is no such file, and what is wrong with it.
 * @example
 * const model = await openModel('matpac_10_2048.pt');
 * const { data } = await model.createExtractor({ time: 'mean' })(await decodeAudio(await readFile('sound.wav')));
 * model.dispose();
 */
export async function openModel(source: string | ModelSource, options: LoadModelOptions = {}): Promise<OpenedModel> {
  if (typeof source !== 'string') return await openSource(source, options);
  const file = await openTensorsAt(source);
  try {
    return withExtractors(await loadModel(file, options));
  } finally {
    await file.close();
  }
}
