import { openFile } from '@audio-ssl/tensor-files/node';
import type { LoadModelOptions } from './load-model.js';
import { openModel as openSource, type ModelSource, type OpenedModel } from './open-model.js';

/**
 * `openModel` of `@audio-ssl/pretrained` that takes the path of a file as well; the file is closed once its encoder is in
 * memory.
 *
 * @throws Error naming the path when there is no such file, and what is wrong with it.
 * @example
 * const model = await openModel('matpac_10_2048.pt');
 * const { data } = await model.createExtractor({ time: 'mean' })(await decodeAudio(await readFile('sound.wav')));
 * model.dispose();
 */
export async function openModel(source: string | ModelSource, options: LoadModelOptions = {}): Promise<OpenedModel> {
  return openSource(typeof source === 'string' ? await openFile(source) : source, options);
}
