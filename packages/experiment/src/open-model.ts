import { logMelPresets } from '@audio-ssl/audio-frontend';
import {
  createExtractor,
  loadModel,
  type ClassHead,
  type Extractor,
  type ExtractorOptions,
  type ModelSettings,
  type PretrainedModel,
} from '@audio-ssl/pretrained';
import { disposeTree } from '@audio-ssl/params';
import { openTensors, type TensorFile } from '@audio-ssl/tensor-files';
import { openFile } from '@audio-ssl/tensor-files/node';
import type { SpectrogramEncoder } from '@audio-ssl/vit';
import { existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { compileCached } from './compile-cached.js';
import type { Config } from './config/config-schema.js';
import { loadEncoder } from './encoder-weights.js';
import { chunkFramesOf } from './features.js';
import { runFiles } from './run-directory.js';
import { readRunRecord } from './run-record.js';
import { InputError } from './input-error.js';

/** An encoder of a run or of a checkpoint file. */
export interface OpenModel {
  /** What it is, in words. */
  readonly family: string;
  readonly weights: SpectrogramEncoder;
  readonly settings: ModelSettings;
  readonly head: ClassHead | undefined;
  /** An extractor with the settings of the model, compiled; it is disposed with the model. */
  createExtractor(options: Partial<ExtractorOptions>): Extractor;
  dispose(): void;
}

/** Which encoder of a checkpoint, and how it is built. */
export interface OpenModelOptions {
  readonly network?: 'student' | 'teacher' | undefined;
  /** Attention heads, for files that are none of the published ones. */
  readonly heads?: number | undefined;
}

/**
 * Opens the folder of a run or a checkpoint file (PyTorch or safetensors) of any family.
 *
 * @throws InputError or Error naming the path, and what is wrong with it
 */
export async function openModel(checkpoint: string, options: OpenModelOptions): Promise<OpenModel> {
  const { weights, settings, ...model } = await open(checkpoint, options);
  const extractors: Extractor[] = [];
  return {
    ...model,
    ...{ weights, settings },
    createExtractor: (options) => {
      const extractor = createExtractor(weights, { ...settings, ...options, compile: compileCached });
      extractors.push(extractor);
      return extractor;
    },
    dispose: () => {
      for (const extractor of extractors) extractor.dispose();
      model.dispose();
    },
  };
}

async function open(
  checkpoint: string,
  { network = 'student', heads }: OpenModelOptions,
): Promise<Omit<OpenModel, 'createExtractor'>> {
  if (!isRun(checkpoint)) {
    const file = await openCheckpoint(checkpoint);
    try {
      return await loadModel(file, { network, numHeads: heads });
    } finally {
      await file.close();
    }
  }
  const { config, measured } = await readRunRecord(checkpoint);
  const { patch, encoder } = config.model;
  const settings: ModelSettings = {
    patch,
    numHeads: encoder.numHeads,
    standardization: { mean: measured.mean, std: measured.std },
    chunkFrames: chunkFramesOf(patch),
    logMel: logMelPresets[config.data.frontEnd],
  };
  if (network === 'student') {
    const weights = await loadEncoder(checkpoint, config);
    return { family: 'run', weights, settings, head: undefined, dispose: () => disposeTree(weights) };
  }
  const file = await openCheckpoint(checkpoint);
  try {
    const model: PretrainedModel = await loadModel(file, { network, numHeads: encoder.numHeads });
    return { ...model, settings };
  } finally {
    await file.close();
  }
}

/** Whether a path is the folder of a run. */
export function isRun(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

/**
 * Opens the tensors of a checkpoint file, or of the last checkpoint of a run with what its configuration tells beside them
 * (attention heads, statistics, front end).
 *
 * @throws InputError when there is none
 */
export async function openCheckpoint(path: string): Promise<TensorFile> {
  if (!existsSync(path)) throw new InputError(`${path}: no such file; check the path`);
  if (!isRun(path)) return await openTensors(await openFile(path));
  const { config, measured } = await readRunRecord(path);
  const found = (await lastCheckpoint(path)) ?? join(path, runFiles.weights);
  if (!existsSync(found))
    throw new InputError(`${path} has no checkpoint yet; run its \`audio-ssl pretrain\` command first`);
  const file = await openTensors(await openFile(found));
  return { ...file, values: new Map([...file.values, ...Object.entries(toldBeside(config, measured))]) };
}

/** The newest checkpoint of a run; `undefined` before its first one. */
export async function lastCheckpoint(run: string): Promise<string | undefined> {
  const folder = join(run, 'checkpoints');
  const names = await readdir(folder).catch((): string[] => []);
  const last = names
    .filter((name) => /^step-\d+\.safetensors$/.test(name))
    .sort()
    .at(-1);
  return last === undefined ? undefined : join(folder, last);
}

/** What a run's weights do not tell of themselves; it stands in their metadata. */
export function toldBeside(
  { model, data }: Config,
  { mean, std }: { readonly mean: number; readonly std: number },
): Record<string, string> {
  return {
    numHeads: String(model.encoder.numHeads),
    patch: model.patch.join('x'),
    bins: String(model.bins),
    frontEnd: data.frontEnd,
    mean: String(mean),
    std: String(std),
    chunkFrames: String(chunkFramesOf(model.patch)),
  };
}
