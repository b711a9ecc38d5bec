import type { LogMelOptions } from '@audio-ssl/audio-frontend';
import { disposeTree } from '@audio-ssl/params';
import { describeFit, fitTree, readTree, type Shaped, type TensorFile } from '@audio-ssl/tensor-files';
import type { Patch, SpectrogramEncoder } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import { readClassHead, type ClassHead } from './class-head.js';
import { withFacts, type EncoderFacts } from './encoder-metadata.js';
import { encoderTemplate } from './encoder-template.js';
import { chunkFramesOf, frontEndNotes, headsOf, logMelOf, requireFacts, standardizationOf } from './model-settings.js';
import { ourShape, readMapped, recognise, type Recognised, type RecognisedEncoder } from './recognise.js';

/** How {@link loadModel} reads a checkpoint. */
export interface LoadModelOptions {
  /**
   * Which encoder of a training checkpoint: the student's, as published (the default), or the teacher's. Where a file has a
   * whole model and an average of it (`ema_model`, `teacher`), the model or the average.
   */
  readonly network?: 'student' | 'teacher' | undefined;
  /**
   * Attention heads, which no file of the authors states. By default what a file of ours says, or else one head for every 64
   * channels, as in every ViT-B.
   */
  readonly numHeads?: number | undefined;
  /**
   * What the file does not state and features depend on: weights of ours that lack it are refused without, while it is known
   * of published files.
   */
  readonly facts?: Partial<EncoderFacts> | undefined;
}

/** What an extractor needs to know besides the weights; spread it into the options of `createExtractor`. */
export interface ModelSettings {
  readonly patch: Patch;
  readonly numHeads: number;
  readonly standardization: { readonly mean: number; readonly std: number };
  /** Frames that the positions are for: 608, or 992 after fine-tuning on AudioSet. */
  readonly chunkFrames: number;
  readonly logMel: LogMelOptions;
  /** The file's own positions (F, T, D). */
  readonly positions?: tf.Tensor3D;
}

/** An encoder from a checkpoint, ready for `createExtractor`. */
export interface PretrainedModel {
  /** What the file was recognised as, in words. */
  readonly family: string;
  readonly weights: SpectrogramEncoder;
  readonly settings: ModelSettings;
  /** The class head, when the file has one. */
  readonly head: ClassHead | undefined;
  /** Names of tensors that were not needed. */
  readonly leftOver: readonly string[];
  /** What to tell who uses it, in sentences: which of several encoders it is, what was left out of the file, what was assumed. */
  readonly notes: readonly string[];
  /** Disposes the tensors. */
  dispose(): void;
}

/**
 * Loads an encoder from a checkpoint of any family, recognised by its contents: MATPAC and MATPAC++ (published, fine-tuned
 * or from training), M2D, ours.
 *
 * @param opened from `openTensors` of `@audio-ssl/tensor-files`; it is the caller's to close, right afterwards if need be.
 * @throws Error naming the file and what is missing in it or of another shape; nothing is half loaded.
 * @example
 * const file = await openTensors(byteSource(bytes)); // `openModel` does all of this in one call
 * const model = await loadModel(file);
 * await file.close();
 * const extract = createExtractor(model.weights, model.settings);
 */
export async function loadModel(opened: TensorFile, options: LoadModelOptions = {}): Promise<PretrainedModel> {
  const file = withFacts(opened, options.facts);
  const recognised = recognise(file, options);
  const { encoder, positions } = recognised;
  if (!encoder) {
    throw new Error(
      `loadModel: ${file.name} is a ${recognised.family} and has no encoder; give the checkpoint of one, and read this one with readClassHead`,
    );
  }
  const numHeads = options.numHeads ?? headsOf(file, recognised, encoder.embedDim) ?? unknownHeads(file, recognised);
  if (!(numHeads > 0 && encoder.embedDim % numHeads === 0)) {
    throw new Error(
      `loadModel: ${file.name}: ${numHeads} attention heads do not divide a width of ${encoder.embedDim}; give \`numHeads\``,
    );
  }
  withFacts(file, { numHeads });
  requireFacts({ ...file, values: new Map([...file.values, ['numHeads', numHeads]]) }, recognised);
  const settings: ModelSettings = {
    patch: encoder.patch,
    numHeads,
    standardization: await standardizationOf(file, recognised),
    chunkFrames: chunkFramesOf(file, recognised, encoder),
    logMel: logMelOf(file, recognised),
  };
  const head = recognised.mapped.has('classifier.kernel') ? await readClassHead(file) : undefined;
  const table = positions === undefined ? undefined : await readPositions(file, positions, encoder);
  const weights = await readWeights(
    file,
    recognised,
    encoder,
    recognised.isAverage ? 'student' : (options.network ?? 'student'),
    table?.first,
  );
  const grid = table && tf.tensor3d(table.grid, [encoder.grid.freq, encoder.grid.time!, encoder.embedDim]);
  return {
    family: recognised.family,
    weights,
    settings: { ...settings, ...(grid && { positions: grid }) },
    head,
    leftOver: recognised.leftOver,
    notes: [...recognised.notes, ...frontEndNotes(file, recognised)],
    dispose: () => {
      disposeTree(weights);
      grid?.dispose();
    },
  };
}

function unknownHeads(file: TensorFile, recognised: Recognised): never {
  requireFacts(file, recognised);
  throw new Error(
    `loadModel: ${file.name}: an encoder ${recognised.encoder?.embedDim} wide is not one of the published ones, and no file states its attention heads; give \`numHeads\``,
  );
}

/**
 * The encoder of one of the networks; names and shapes are checked before anything is read.
 *
 * @param first the class token's position, which is added to the token.
 */
async function readWeights(
  file: TensorFile,
  recognised: Recognised,
  encoder: RecognisedEncoder,
  network: 'student' | 'teacher',
  first: Float32Array | undefined,
): Promise<SpectrogramEncoder> {
  const { mapped, naming, family } = recognised;
  if (network === 'teacher' && ![...mapped.keys()].some((path) => path.startsWith('teacher.encoder.'))) {
    throw new Error(`loadModel: ${file.name} is a ${family} and has no teacher; take its student (the default)`);
  }
  // The teacher sees through the student's patch embedding and class token.
  const pathOf = (leaf: string): string => `${leaf.startsWith('encoder.') ? network : 'student'}.${leaf}`;
  const { tree, shapes } = encoderTemplate(encoder);
  try {
    const found = [...shapes.keys()].flatMap((leaf): [string, Shaped][] => {
      const there = mapped.get(pathOf(leaf));
      return there ? [[leaf, { shape: ourShape(pathOf(leaf), there.shape, naming) }]] : [];
    });
    const problems = describeFit(fitTree(shapes, new Map(found)), 4);
    if (problems !== '') {
      throw new Error(
        `loadModel: ${file.name} (${family}, ${encoder.embedDim} wide, ${encoder.depth} blocks): ${problems}; is the file whole?`,
      );
    }
    return await readTree(tree, async (leaf) => {
      const entry = await readMapped(file, recognised, pathOf(leaf));
      return leaf === 'cls_token' && first
        ? { ...entry, data: entry.data.map((value, i) => value + first[i]!) }
        : entry;
    });
  } finally {
    disposeTree(tree);
  }
}

/** The class token's position, and those of the grid, (F, T, D). */
async function readPositions(
  file: TensorFile,
  name: string,
  { embedDim, grid: { freq, time } }: RecognisedEncoder,
): Promise<{ first: Float32Array; grid: Float32Array }> {
  const data = Float32Array.from((await file.read(name)).data);
  if (data.length !== (1 + freq * time!) * embedDim)
    throw new Error(`loadModel: ${file.name}: '${name}' has ${data.length} values`);
  return { first: data.slice(0, embedDim), grid: data.slice(embedDim) };
}
