import { logMelPresets, type LogMelOptions } from '@audio-ssl/audio-frontend';
import type { TensorFile } from '@audio-ssl/tensor-files';
import type { Patch, SpectrogramEncoder } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import { buildTree } from './build-tree.js';
import { readClassHead, type ClassHead } from './class-head.js';
import { chunkFramesOf, frontEndOf, headsOf, standardizationOf } from './model-settings.js';
import { ourShape, readMapped, recognise, type Recognised, type RecognisedEncoder } from './recognise.js';

/** How {@link loadModel} reads a checkpoint. */
export interface LoadModelOptions {
  /** Which encoder of a training checkpoint: the student's, as published (the default), or the teacher's. */
  readonly network?: 'student' | 'teacher';
  /**
   * Attention heads, which no file of the authors tells. By default what a file of ours says, or else one head of every 64
   * channels, as in every ViT-B.
   */
  readonly numHeads?: number | undefined;
}

/** What an extractor needs to know beside the weights; spread it into the options of `createExtractor`. */
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
  /** Lets go of the tensors. */
  dispose(): void;
}

/**
 * Loads an encoder from a checkpoint of any family, recognised by its contents: MATPAC and MATPAC++ (published, fine-tuned
 * or from training), M2D, ours.
 *
 * @param file from `openTensors` of `@audio-ssl/params`; it can be closed afterwards.
 * @throws Error naming the file and what is missing in it or of another shape; nothing is half loaded.
 * @example
 * const model = await loadModel(await openTensors(await openFile('matpac_10_2048.pt')));
 * const extract = createExtractor(model.weights, model.settings);
 */
export async function loadModel(file: TensorFile, options: LoadModelOptions = {}): Promise<PretrainedModel> {
  const recognised = recognise(file);
  const { encoder, positions } = recognised;
  if (!encoder) {
    throw new Error(
      `loadModel: ${file.name} is a ${recognised.family} and has no encoder; give the checkpoint of one, and this as its head (readClassHead, --probe)`,
    );
  }
  const numHeads = options.numHeads ?? headsOf(file, recognised, encoder.embedDim) ?? unknownHeads(file, recognised);
  if (!(numHeads > 0 && encoder.embedDim % numHeads === 0)) {
    throw new Error(
      `loadModel: ${file.name}: ${numHeads} attention heads do not divide a width of ${encoder.embedDim}; give numHeads`,
    );
  }
  const paths = pathsOf(file, recognised, encoder, options.network ?? 'student');
  const leaves = new Map<string, tf.Tensor>();
  const dispose = (): void => tf.dispose([...leaves.values()]);
  try {
    for (const [leaf, path] of paths) {
      const { shape, data } = await readMapped(file, recognised, path);
      leaves.set(leaf, tf.tensor(data, shape, 'float32'));
    }
    let table: tf.Tensor3D | undefined;
    if (positions !== undefined) {
      const { first, grid } = await readPositions(file, positions, encoder);
      table = grid;
      leaves.set('positions', grid);
      const token = leaves.get('cls_token')!;
      leaves.set(
        'cls_token',
        tf.tidy(() => tf.add(token, tf.tensor(first, token.shape))),
      );
      token.dispose();
    }
    const weights = buildTree(new Map([...leaves].filter(([leaf]) => leaf !== 'positions'))) as SpectrogramEncoder;
    return {
      family: recognised.family,
      weights,
      settings: {
        patch: encoder.patch,
        numHeads,
        standardization: await standardizationOf(file, recognised),
        chunkFrames: chunkFramesOf(file, encoder),
        logMel: logMelPresets[frontEndOf(file, recognised)],
        ...(table && { positions: table }),
      },
      head: recognised.mapped.has('classifier.kernel') ? await readClassHead(file) : undefined,
      leftOver: recognised.leftOver,
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

function unknownHeads(file: TensorFile, { naming, encoder }: Recognised): never {
  throw new Error(
    naming === 'audio-ssl'
      ? `loadModel: ${file.name}: weights of ours without numHeads in their metadata; give numHeads (--heads), or the folder of the run`
      : `loadModel: ${file.name}: an encoder ${encoder?.embedDim} wide is none of the published ones, and no file tells its attention heads; give numHeads (--heads)`,
  );
}

/** The path in the file's state of every leaf of a {@link SpectrogramEncoder}; all are there and have the right shapes. */
function pathsOf(
  file: TensorFile,
  { mapped, naming, family }: Recognised,
  { embedDim, depth, hiddenDim, patch }: RecognisedEncoder,
  network: 'student' | 'teacher',
): Map<string, string> {
  if (network === 'teacher' && ![...mapped.keys()].some((path) => path.startsWith('teacher.encoder.'))) {
    throw new Error(`loadModel: ${file.name} is a ${family} and has no teacher; take its student (the default)`);
  }
  const expected: Record<string, number[]> = {
    'patch_embed.proj.kernel': [patch[0] * patch[1], embedDim],
    'patch_embed.proj.bias': [embedDim],
    cls_token: [1, 1, embedDim],
  };
  const dense = (path: string, rows: number, columns: number): void => {
    expected[`${path}.kernel`] = [rows, columns];
    expected[`${path}.bias`] = [columns];
  };
  const norm = (path: string): void => {
    expected[`${path}.weight`] = [embedDim];
    expected[`${path}.bias`] = [embedDim];
  };
  for (let i = 0; i < depth; i++) {
    const block = `encoder.blocks.${i}`;
    norm(`${block}.norm1`);
    dense(`${block}.attn.qkv`, embedDim, 3 * embedDim);
    dense(`${block}.attn.proj`, embedDim, embedDim);
    norm(`${block}.norm2`);
    dense(`${block}.mlp.fc1`, embedDim, hiddenDim);
    dense(`${block}.mlp.fc2`, hiddenDim, embedDim);
  }
  norm('encoder.norm');
  const problems: string[] = [];
  const paths = new Map<string, string>();
  for (const [leaf, shape] of Object.entries(expected)) {
    // The teacher sees through the student's patch embedding and class token.
    const path = `${leaf.startsWith('encoder.') ? network : 'student'}.${leaf}`;
    const found = mapped.get(path);
    if (!found) problems.push(`${leaf} is missing`);
    else if (ourShape(path, found.shape, naming).join() !== shape.join())
      problems.push(`${found.name} has shape [${found.shape}]`);
    paths.set(leaf, path);
  }
  if (problems.length > 0) {
    throw new Error(
      `loadModel: ${file.name} (${family}, ${embedDim} wide, ${depth} blocks): ${problems.slice(0, 4).join(', ')}${problems.length > 4 ? `, and ${problems.length - 4} more` : ''}; is the file whole?`,
    );
  }
  return paths;
}

/** The class token's position, and those of the grid as (F, T, D). */
async function readPositions(
  file: TensorFile,
  name: string,
  { embedDim, grid: { freq, time } }: RecognisedEncoder,
): Promise<{ first: Float32Array; grid: tf.Tensor3D }> {
  const data = Float32Array.from((await file.read(name)).data);
  if (data.length !== (1 + freq * time!) * embedDim)
    throw new Error(`loadModel: ${file.name}: '${name}' has ${data.length} values`);
  return { first: data.slice(0, embedDim), grid: tf.tensor3d(data.slice(embedDim), [freq, time!, embedDim]) };
}
