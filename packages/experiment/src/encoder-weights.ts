import { disposeTree, leaves, randomStream } from '@audio-ssl/params';
import { loadModel, type PretrainedModel } from '@audio-ssl/pretrained';
import { describeFit, fitTree, fromTensors, writeSafetensors } from '@audio-ssl/tensor-files';
import { checksumPlace, sealSafetensors } from '@audio-ssl/tensor-files/node';
import { runFiles, writeRunFile } from '@audio-ssl/trainer';
import { initSpectrogramEncoder, type SpectrogramEncoder } from '@audio-ssl/vit';
import { join } from 'node:path';
import type { Config } from './config/config-schema.js';
import { InputError } from './input-error.js';
import { openCheckpoint } from './open-checkpoint.js';
import type { Reporter } from './reporter.js';

/**
 * Saves the student's encoder of a run: all that features need.
 *
 * @param metadata what features depend on besides the weights, from `encoderMetadata` of `@audio-ssl/pretrained`, and notes
 */
export async function saveEncoder(
  run: string,
  { patch_embed, cls_token, encoder }: SpectrogramEncoder,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const weights: SpectrogramEncoder = { patch_embed, cls_token, encoder };
  const bytes = writeSafetensors(await fromTensors(leaves(weights)), { ...checksumPlace, ...metadata });
  await writeRunFile(run, runFiles.weights, sealSafetensors(bytes));
}

/** Which encoder {@link loadEncoder} loads. */
export interface LoadEncoderOptions {
  /** The checkpoint after so many steps. By default the weights of a finished run, and the newest checkpoint of another. */
  readonly atStep?: number | undefined;
  readonly reporter?: Reporter | undefined;
}

/**
 * Loads the encoder of a run, finished or not; its tensors belong to the caller.
 *
 * @throws InputError when there is none yet, for files of two runs, and for one of another size than the configuration says,
 * or that holds NaN; Error when it is damaged
 * @example
 * const { config } = await readRunRecord('runs/first');
 * const encoder = await loadEncoder('runs/first', config);
 */
export async function loadEncoder(
  run: string,
  { model }: Pick<Config, 'model'>,
  options: LoadEncoderOptions = {},
): Promise<SpectrogramEncoder> {
  const file = await openCheckpoint(run, { ...options, preferWeights: true });
  const template = initSpectrogramEncoder({ ...model.encoder, patch: model.patch }, randomStream(0, 'template'));
  let loaded: PretrainedModel | undefined;
  try {
    loaded = await loadModel(file);
    const found = {
      patch_embed: loaded.weights.patch_embed,
      cls_token: loaded.weights.cls_token,
      encoder: loaded.weights.encoder,
    };
    const problems = describeFit(fitTree(leaves(template), new Map(leaves(found))));
    const heads = loaded.settings.numHeads;
    if (problems !== '' || heads !== model.encoder.numHeads)
      throw new InputError(
        `${file.name} has another size than ${join(run, runFiles.config)} says: ` +
          `${problems || `numHeads should be ${model.encoder.numHeads}, is ${heads}`}; put back the two files of one run`,
      );
    loaded.settings.positions?.dispose(); // runs compute theirs
    return found;
  } catch (error) {
    loaded?.dispose();
    throw error;
  } finally {
    disposeTree(template);
    await file.close();
  }
}
