import { fromTensors, readSafetensors, toTensor, writeSafetensors } from '@audio-ssl/tensor-files';
import { leaves, mapTree, randomStream } from '@audio-ssl/params';
import { initSpectrogramEncoder, type SpectrogramEncoder } from '@audio-ssl/vit';
import type * as tf from '@tensorflow/tfjs-core';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from './config/config-schema.js';
import { runFiles, writeRunFile } from './run-directory.js';
import { InputError } from './input-error.js';

/** Saves the student's encoder of a run: all that features need. */
export async function saveEncoder(
  run: string,
  { patch_embed, cls_token, encoder }: SpectrogramEncoder,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const weights: SpectrogramEncoder = { patch_embed, cls_token, encoder };
  await writeRunFile(run, runFiles.weights, writeSafetensors(await fromTensors(leaves(weights)), metadata));
}

/**
 * Loads the encoder of a run.
 *
 * @throws InputError when the file is missing, damaged, of another size than the configuration says, or holds NaN
 */
export async function loadEncoder(run: string, { model }: Config): Promise<SpectrogramEncoder> {
  const path = join(run, runFiles.weights);
  if (!existsSync(path))
    throw new InputError(
      `${path} is missing: the run has not finished; run its \`audio-ssl pretrain\` command again, it goes on where it was`,
    );
  const { tensors } = readSafetensors(await readFile(path), path);
  const template = initSpectrogramEncoder({ ...model.encoder, patch: model.patch }, randomStream(0, 'template'));
  try {
    const wrong = leaves(template).filter(([name, leaf]) => tensors.get(name)?.shape.join() !== leaf.shape.join());
    const [first] = wrong;
    if (first) {
      const [name, leaf] = first;
      throw new InputError(
        `${path} has another size than ${join(run, runFiles.config)} says: ${name} should be [${leaf.shape}], ` +
          `${tensors.has(name) ? `is [${tensors.get(name)?.shape}]` : 'is missing'} (${wrong.length} in all); put back the two files of one run`,
      );
    }
    for (const [name] of leaves(template)) {
      const bad = tensors.get(name)?.data.find((value) => !Number.isFinite(value));
      if (bad === undefined) continue;
      throw new InputError(
        `${path}: expected finite weights, got ${bad} in ${name}; the run went astray or the file is damaged, restore it or train again`,
      );
    }
    const loaded = mapTree(template, (_, name) =>
      toTensor(tensors.get(name) as NonNullable<ReturnType<typeof tensors.get>>),
    );
    return loaded as SpectrogramEncoder;
  } finally {
    for (const [, leaf] of leaves(template)) (leaf as tf.Tensor).dispose();
  }
}
