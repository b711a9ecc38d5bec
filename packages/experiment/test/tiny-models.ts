import { initMatpac } from '@audio-ssl/matpac';
import { disposeTree, leaves, randomStream, type TensorTree } from '@audio-ssl/params';
import { convertCheckpoint, encoderMetadata } from '@audio-ssl/pretrained';
import {
  byteSource,
  fromTensors,
  openTensors,
  pytorchChunks,
  writeSafetensors,
  type SafetensorsEntry,
} from '@audio-ssl/tensor-files';
import { tinyModel } from '@audio-ssl/testing';
import { runFiles, writeJson } from '@audio-ssl/trainer';
import { initSpectrogramEncoder } from '@audio-ssl/vit';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { matpacOptions } from '../src/config/config-schema.js';
import { loadConfig } from '../src/config/load-config.js';
import { saveEncoder } from '../src/encoder-weights.js';
import { runMetadata } from '../src/run-metadata.js';

/** Values in a vector of {@link tinyCheckpoint}: 5 patches of 16 channels. */
export const DIMS = 5 * 16;

/** An array of a file, filled by a function. */
export const entry = (shape: number[], of: () => number): SafetensorsEntry => ({
  dtype: 'F32',
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, of),
});

/** Writes an encoder 16 wide in the authors' names, with two heads that the file does not name. */
export async function tinyCheckpoint(folder: string): Promise<string> {
  const encoder = initSpectrogramEncoder({ embedDim: 16, depth: 2, numHeads: 2, patch: [16, 16] }, randomStream(1));
  const ours = writeSafetensors(
    await fromTensors(leaves(encoder)),
    encoderMetadata({
      patch: [16, 16],
      bins: 80,
      numHeads: 2,
      frontEnd: 'matpac',
      mean: -7.056,
      std: 4.193,
      chunkFrames: 608,
    }),
  );
  disposeTree(encoder);
  const { tensors } = await convertCheckpoint(await openTensors(byteSource(ours)), 'matpac');
  const path = join(folder, 'some encoder.bin'); // it is recognised by its content, not its name
  await writeFile(path, pytorchChunks(tensors));
  return path;
}

/**
 * Writes the folder of a run of 6 steps as pretraining leaves it, with checkpoints after 4 and 6.
 *
 * @param older whether its checkpoints state nothing of the encoder, as those of the first versions
 */
export async function tinyRun(run: string, { older = false } = {}): Promise<string> {
  const config = await loadConfig({ preset: 'demo', set: tinyModel });
  const measured = { steps: 6, mean: -6.5, std: 3.25 };
  await mkdir(join(run, runFiles.checkpoints), { recursive: true });
  const started = new Date(0).toISOString();
  await writeJson(join(run, runFiles.config), { config, data: '/data', command: 'none', started, measured });
  for (const step of [4, 6]) {
    const state = initMatpac(matpacOptions(config), step);
    const arrays = await fromTensors(leaves(state as unknown as TensorTree));
    const told = older ? {} : runMetadata(config, measured);
    const bytes = writeSafetensors(arrays, { ...told, step: String(step), fingerprint: '{}' });
    await writeFile(join(run, runFiles.checkpoints, `step-0000000${step}.safetensors`), bytes);
    if (step === 6) await saveEncoder(run, state.student, runMetadata(config, measured));
    disposeTree(state as unknown as TensorTree);
  }
  return run;
}
