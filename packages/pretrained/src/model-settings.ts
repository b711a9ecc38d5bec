import type { TensorFile } from '@audio-ssl/tensor-files';
import { MATPAC_STANDARDIZATION } from './extractor.js';
import type { Recognised, RecognisedEncoder } from './recognise.js';

/** The log-mel front end that a model was trained with: a name of `logMelPresets`. */
export type FrontEnd = 'matpac' | 'm2d';

/** M2D's mean and standard deviation of AudioSet's log-mels, for files that do not state theirs. */
const M2D_STANDARDIZATION = { mean: -7.1, std: 4.2 } as const;

/** What the file's metadata says; without it, whose names the tensors have decides. */
export function frontEndOf({ values }: TensorFile, { naming }: Recognised): FrontEnd {
  const stated = values.get('frontEnd');
  if (stated === 'm2d' || stated === 'matpac') return stated;
  return naming === 'm2d' ? 'm2d' : 'matpac';
}

/** Mean and standard deviation from the file's metadata or its tensor `norm_stats`, or those of its family. */
export async function standardizationOf(
  file: TensorFile,
  recognised: Recognised,
): Promise<{ readonly mean: number; readonly std: number }> {
  const valid = (mean: unknown, std: unknown) =>
    mean !== undefined && Number.isFinite(Number(mean)) && Number(std) > 0 && Number(std) < Infinity
      ? { mean: Number(mean), std: Number(std) }
      : undefined;
  const stated = valid(file.values.get('mean'), file.values.get('std'));
  if (stated) return stated;
  const [mean, std] = recognised.normStats === undefined ? [] : (await file.read(recognised.normStats)).data;
  return valid(mean, std) ?? (frontEndOf(file, recognised) === 'm2d' ? M2D_STANDARDIZATION : MATPAC_STANDARDIZATION);
}

const MOST_FRAMES = 2 ** 16; // eleven minutes: a file that says more is damaged, and would ask for gigabytes of positions

/** As long as the file's positions; where they are computed, as the file says or as in the paper. */
export function chunkFramesOf({ values }: TensorFile, { grid, patch: [, width] }: RecognisedEncoder): number {
  if (grid.time !== undefined) return grid.time * width;
  const stated = Number(values.get('chunkFrames') ?? Number.NaN);
  return Number.isInteger(stated / width) && stated > 0 && stated <= MOST_FRAMES
    ? stated
    : Math.max(1, Math.floor(608 / width)) * width;
}

/** Attention heads as the file states them, or one for every 64 channels in files of others; `undefined` when unknown. */
export function headsOf({ values }: TensorFile, { naming }: Recognised, embedDim: number): number | undefined {
  const stated = Number(values.get('numHeads') ?? Number.NaN);
  if (Number.isInteger(stated)) return stated;
  return naming !== 'audio-ssl' && embedDim % 64 === 0 ? embedDim / 64 : undefined;
}
