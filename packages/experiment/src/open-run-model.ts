import type { StartedBackend } from '@audio-ssl/backend';
import { leaves } from '@audio-ssl/params';
import { loadModel, withExtractors, type OpenedModel } from '@audio-ssl/pretrained';
import { openModel } from '@audio-ssl/pretrained/node';
import { runFiles } from '@audio-ssl/trainer';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { requireFinite, requireIntact, requireWeights } from './encoder-weights.js';
import { extractorCompiler } from './extractor-compiler.js';
import { InputError } from './input-error.js';
import { isFolder, openCheckpoint } from './open-checkpoint.js';
import type { Reporter } from './reporter.js';
import { readRunRecord } from './run-record.js';

/** Which encoder {@link openRunModel} opens, and how its extractors run. */
export interface OpenRunModelOptions {
  /** Which encoder of a run or a training checkpoint; the student's by default. */
  readonly network?: 'student' | 'teacher' | undefined;
  /** Attention heads, for files other than the published ones; a run knows its own. */
  readonly numHeads?: number | undefined;
  /** The backend that runs; keeps compiled graphs in its cache. */
  readonly backend?: StartedBackend | undefined;
  readonly reporter?: Reporter | undefined;
}

/**
 * Opens the encoder of a finished run, or of a checkpoint file (PyTorch or safetensors) of any family. The teacher of a run
 * comes from its newest checkpoint that can be read. Extractors of the model run compiled.
 *
 * @param path the folder of a run, or a file
 * @throws InputError or Error naming the path, and what is wrong with it
 * @example
 * const model = await openRunModel('runs/first');
 * const { data } = await model.createExtractor({ time: 'mean' })(await decodeAudio(await readFile('sound.wav')));
 * model.dispose();
 */
export async function openRunModel(path: string, options: OpenRunModelOptions = {}): Promise<OpenedModel> {
  const model = await open(path, options);
  const compile = extractorCompiler(options.backend);
  return { ...model, createExtractor: (more) => model.createExtractor({ compile, ...more }) };
}

async function open(path: string, options: OpenRunModelOptions): Promise<OpenedModel> {
  const { network = 'student', numHeads, reporter } = options;
  if (!existsSync(path)) throw new InputError(`${path}: no such file; check the path`);
  if (!isFolder(path)) return await openModel(path, { network, numHeads });
  if (network === 'student') return await openWeights(path);
  const file = await openCheckpoint(path, { reporter });
  try {
    return withExtractors(await loadModel(file, { network }));
  } finally {
    await file.close();
  }
}

/** The student's encoder of a run. Its file says everything that features depend on, whatever method trained it. */
async function openWeights(run: string): Promise<OpenedModel> {
  const path = join(run, runFiles.weights);
  if (!existsSync(path)) await readRunRecord(run); // another message for a folder that is no run
  requireWeights(run);
  await requireIntact(path);
  const model = await openModel(path);
  try {
    for (const [name, leaf] of leaves(model.weights)) requireFinite(path, name, await leaf.data());
    return { ...model, family: 'run' };
  } catch (error) {
    model.dispose();
    throw error;
  }
}
