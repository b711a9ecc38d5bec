import { disposeTree, leaves, randomStream } from '@audio-ssl/params';
import { fitTree, fromTensors, readSafetensors, readTree, writeSafetensors } from '@audio-ssl/tensor-files';
import { checksumPlace, openFile, readWhole, sealSafetensors, verifyChecksum } from '@audio-ssl/tensor-files/node';
import { runFiles, writeRunFile } from '@audio-ssl/trainer';
import { initSpectrogramEncoder, type SpectrogramEncoder } from '@audio-ssl/vit';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from './config/config-schema.js';
import { InputError } from './input-error.js';

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

/**
 * Loads the encoder of a run; its tensors belong to the caller.
 *
 * @throws InputError when the file is missing, of another size than the configuration says, or holds NaN; Error when it is
 * damaged
 * @example
 * const { config } = await readRunRecord('runs/first');
 * const encoder = await loadEncoder('runs/first', config);
 */
export async function loadEncoder(run: string, { model }: Pick<Config, 'model'>): Promise<SpectrogramEncoder> {
  const path = join(run, runFiles.weights);
  requireWeights(run);
  await requireIntact(path);
  const { tensors, metadata } = readSafetensors(await readWhole(path), path);
  const heads = metadata['numHeads'] ?? String(model.encoder.numHeads); // files of earlier versions do not say
  const template = initSpectrogramEncoder({ ...model.encoder, patch: model.patch }, randomStream(0, 'template'));
  try {
    const { missing, wrong } = fitTree(leaves(template), tensors);
    const problems = [
      ...(heads === String(model.encoder.numHeads)
        ? []
        : [`numHeads should be ${model.encoder.numHeads}, is ${heads}`]),
      ...wrong.map(({ path: name, shape, expected }) => `${name} should be [${expected}], is [${shape}]`),
      ...missing.map((name) => `${name} is missing`),
    ];
    if (problems.length > 0)
      throw new InputError(
        `${path} has another size than ${join(run, runFiles.config)} says: ${problems[0]} ` +
          `(${problems.length} in all); put back the two files of one run`,
      );
    for (const [name] of leaves(template)) requireFinite(path, name, tensors.get(name)!.data);
    return await readTree(template, (name) => tensors.get(name)!);
  } finally {
    disposeTree(template);
  }
}

/** @throws InputError for a run that has no weights yet */
export function requireWeights(run: string): void {
  const path = join(run, runFiles.weights);
  if (!existsSync(path))
    throw new InputError(
      `${path} is missing: the run has not finished; pretrain again with the same options, it resumes where it was`,
    );
}

/** @throws InputError for weights whose bytes have not the checksum that they carry, if they carry one */
export async function requireIntact(path: string): Promise<void> {
  const source = await openFile(path);
  try {
    await verifyChecksum(source);
  } catch (error) {
    throw new InputError(
      `${(error as Error).message}; restore it, or pretrain again with the same options to write it anew`,
    );
  } finally {
    await source.close();
  }
}

/** @throws InputError for weights that are not finite */
export function requireFinite(path: string, name: string, data: Iterable<number>): void {
  for (const value of data)
    if (!Number.isFinite(value))
      throw new InputError(
        `${path}: expected finite weights, got ${value} in ${name}; the run diverged or the file is damaged, restore it or train again`,
      );
}
