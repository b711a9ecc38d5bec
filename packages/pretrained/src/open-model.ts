import { byteSource, openTensors, type ByteSource } from '@audio-ssl/tensor-files';
import { createExtractor, type Extractor, type ExtractorOptions } from './extractor.js';
import { loadModel, type LoadModelOptions, type PretrainedModel } from './load-model.js';

/** What a model is opened from: a file that a visitor chose, bytes in memory, or anything that is read piece by piece. */
export type ModelSource = ByteSource | Blob | ArrayBuffer | Uint8Array;

/** A model in memory; nothing of its file is open. */
export interface OpenedModel extends PretrainedModel {
  /**
   * An extractor with the settings of the model, unless an option says otherwise; it is disposed with the model.
   *
   * @throws Error for options that do not fit the encoder.
   */
  createExtractor(options?: Partial<ExtractorOptions>): Extractor;
  /** Disposes the tensors and the extractors that the model made. */
  dispose(): void;
}

/**
 * Opens a checkpoint of any family (see {@link loadModel}), loads its encoder and closes the source, whatever happens.
 *
 * In Node, `openModel` of `@audio-ssl/pretrained/node` takes a path as well.
 *
 * @param source closed afterwards when it is a `ByteSource`.
 * @throws Error naming the source and what is wrong with it.
 * @example
 * const model = await openModel(input.files[0]); // in a page
 * const { data } = await model.createExtractor({ time: 'mean' })(await decodeAudio(bytes));
 * model.dispose();
 */
export async function openModel(source: ModelSource, options: LoadModelOptions = {}): Promise<OpenedModel> {
  const isBytes = source instanceof Blob || source instanceof ArrayBuffer || source instanceof Uint8Array;
  const bytes = isBytes ? byteSource(source) : source;
  try {
    return withExtractors(await loadModel(await openTensors(bytes), options));
  } finally {
    await bytes.close();
  }
}

/**
 * A model that makes its extractors itself and disposes them together with its tensors.
 *
 * @param model taken: it is disposed by the result's `dispose`.
 * @example
 * const model = withExtractors({ ...(await loadModel(file)), settings });
 */
export function withExtractors(model: PretrainedModel): OpenedModel {
  const extractors: Extractor[] = [];
  return {
    ...model,
    createExtractor: (options = {}) => {
      const extractor = createExtractor(model.weights, { ...model.settings, ...options });
      extractors.push(extractor);
      return extractor;
    },
    dispose: () => {
      for (const extractor of extractors) extractor.dispose();
      model.dispose();
    },
  };
}
