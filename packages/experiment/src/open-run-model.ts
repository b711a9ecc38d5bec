import type { StartedBackend } from '@audio-ssl/backend';
import { loadModel, withExtractors, type EncoderFacts, type OpenedModel } from '@audio-ssl/pretrained';
import { extractorCompiler } from './extractor-compiler.js';
import { isRunFolder, openCheckpoint } from './open-checkpoint.js';
import type { Reporter } from './reporter.js';

/** Which encoder {@link openRunModel} opens, and how its extractors run. */
export interface OpenRunModelOptions {
  /**
   * Which encoder of a run or a training checkpoint, or of a file with a model and its average; the student's, or the model,
   * by default.
   */
  readonly network?: 'student' | 'teacher' | undefined;
  /** The checkpoint of a run after so many steps. By default the weights of a finished run, and the newest checkpoint of another. */
  readonly atStep?: number | undefined;
  /** Attention heads, for files other than the published ones that do not state them. */
  readonly numHeads?: number | undefined;
  /** What a file does not state of its encoder, as in `LoadModelOptions` of `@audio-ssl/pretrained`. */
  readonly facts?: Partial<EncoderFacts> | undefined;
  /** The backend that runs; keeps compiled graphs in its cache. */
  readonly backend?: StartedBackend | undefined;
  readonly reporter?: Reporter | undefined;
}

/** An encoder in memory, and where it came from. */
export interface RunModel extends OpenedModel {
  /** The file with its tensors. */
  readonly file: string;
}

/**
 * Opens the encoder of a run, finished or not, or of a checkpoint of any family: a file (PyTorch or safetensors), shards by
 * their index, or a folder as the Hugging Face Hub lays it out. Checkpoints of a run that are damaged are passed over, and
 * this is reported. Extractors of the model run compiled.
 *
 * @param path the folder of a run, or a file
 * @throws InputError or Error naming the path, and what is wrong with it
 * @example
 * const model = await openRunModel('runs/first');
 * const { data } = await model.createExtractor({ time: 'mean' })(await decodeAudio(await readFile('sound.wav')));
 * model.dispose();
 */
export async function openRunModel(path: string, options: OpenRunModelOptions = {}): Promise<RunModel> {
  const { network = 'student', numHeads, facts, atStep, reporter, backend } = options;
  const file = await openCheckpoint(path, { atStep, preferWeights: network === 'student', reporter });
  try {
    const model = withExtractors(await loadModel(file, { network, numHeads, facts }));
    for (const note of model.notes) reporter?.note?.(note);
    const compile = extractorCompiler(backend);
    return {
      ...model,
      ...(isRunFolder(path) && { family: 'run' }),
      file: file.name,
      createExtractor: (more) => model.createExtractor({ compile, ...more }),
    };
  } finally {
    await file.close();
  }
}
