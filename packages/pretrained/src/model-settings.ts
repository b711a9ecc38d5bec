import type { LogMelOptions } from '@audio-ssl/audio-frontend';
import type { TensorFile } from '@audio-ssl/tensor-files';
import { MATPAC_STANDARDIZATION } from './extractor.js';
import { frontEnds, isFrontEnd, type FrontEnd } from './front-ends.js';
import type { Recognised, RecognisedEncoder } from './recognise.js';

/** M2D's mean and standard deviation of AudioSet's log-mels, for files that do not state theirs. */
const M2D_STANDARDIZATION = { mean: -7.1, std: 4.2 } as const;

/**
 * Refuses a file of ours that does not state all that the features of its encoder depend on. Of published files that is
 * known: they state little, and whose they are tells the rest.
 *
 * @throws Error naming what is missing
 */
export function requireFacts(file: TensorFile, { naming, encoder, positions, normStats }: Recognised): void {
  if (naming !== 'audio-ssl' || !encoder) return;
  const needed = [
    'patch',
    'bins',
    'numHeads',
    'frontEnd',
    ...(normStats === undefined ? ['mean', 'std'] : []),
    ...(positions === undefined ? ['chunkFrames'] : []),
  ].filter((key) => !file.values.has(key));
  if (needed.length === 0) return;
  const [heads, others] = [needed.includes('numHeads'), needed.filter((key) => key !== 'numHeads')];
  const options = [
    ...(heads ? ['`numHeads`'] : []),
    ...(others.length > 0 ? [`\`facts\` (${others.join(', ')})`] : []),
  ];
  throw new Error(
    `loadModel: ${file.name}: weights of ours without ${needed.join(', ')} in their metadata, on which features depend; ` +
      `give ${options.join(' and ')}, or the folder of the run`,
  );
}

/** M2D's names of files say sizes and rate, as in \`m2d_vit_base-80x608p16x16p32k-240413\`; without a rate it is 16 kHz. */
const M2D_NAME = /\d+x\d+p\d+x\d+(?:p(\d+k))?/;

/**
 * What the file's metadata says; without it, whose names the tensors have decides. The rate of M2D's is nowhere but in the name
 * of the file or its folder, or in the shape of a table of mel filters.
 *
 * @throws Error for a front end that is not known
 */
export function frontEndOf({ name, values, tensors }: TensorFile, { naming }: Pick<Recognised, 'naming'>): FrontEnd {
  const stated = values.get('frontEnd');
  if (isFrontEnd(stated)) return stated;
  if (stated !== undefined && naming === 'audio-ssl')
    throw new Error(
      `loadModel: ${name}: its front end is '${String(stated).slice(0, 100)}', and only ${Object.keys(frontEnds).join(', ')} are known; is it from a later version?`,
    );
  if (naming !== 'm2d') return 'matpac';
  const rate = M2D_NAME.exec(name)?.[1] ?? '16k';
  const table = [...tensors].find(([tensor]) => tensor.endsWith('to_spec.mel_basis'))?.[1].shape.at(-1);
  if (rate === '32k' || table === 401) return 'm2d32k';
  if (rate !== '16k') throw new Error(`loadModel: ${name}: its name says sounds of ${rate}Hz; 16 and 32 kHz are known`);
  return 'm2d';
}

/** What a caller should know of the front end: that a rate was assumed. */
export function frontEndNotes(file: TensorFile, { naming, encoder }: Recognised): string[] {
  if (naming !== 'm2d' || !encoder || file.values.has('frontEnd') || M2D_NAME.test(file.name)) return [];
  if (frontEndOf(file, { naming }) !== 'm2d') return [];
  return [
    `${file.name}: taken as a model of M2D for 16 kHz, as nothing in it says the rate; for one of 32 kHz (p32k in the name of its folder) give \`facts\` frontEnd=m2d32k`,
  ];
}

/**
 * The settings of a front end.
 *
 * @throws Error when the file states other ones than its front end has here
 */
export function logMelOf(file: TensorFile, recognised: Recognised): LogMelOptions {
  const frontEnd = frontEndOf(file, recognised);
  const ours = frontEnds[frontEnd];
  const stated = file.values.get('logMel');
  if (typeof stated === 'string' && !isSame(stated, ours))
    throw new Error(
      `loadModel: ${file.name}: its front end ${frontEnd} had the settings ${stated.slice(0, 300)}, and has ${JSON.stringify(ours)} here; is it from another version?`,
    );
  return ours;
}

function isSame(json: string, settings: LogMelOptions): boolean {
  try {
    const stated = JSON.parse(json) as Readonly<Record<string, unknown>> | null;
    const keys = Object.keys(settings) as (keyof LogMelOptions)[];
    return keys.length === Object.keys(stated ?? {}).length && keys.every((key) => stated![key] === settings[key]);
  } catch {
    return false;
  }
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
  const given = [file.values.get('mean'), file.values.get('std')] as const;
  const stated = valid(...given);
  if (stated) return stated;
  if (recognised.naming === 'audio-ssl' && recognised.normStats === undefined)
    throw new Error(
      `loadModel: ${file.name}: expected a finite mean and a std above 0 in its metadata, got ${given.map((one) => String(one).slice(0, 50)).join(' and ')}; is it damaged?`,
    );
  const [mean, std] = recognised.normStats === undefined ? [] : (await file.read(recognised.normStats)).data;
  return valid(mean, std) ?? (frontEndOf(file, recognised) === 'matpac' ? MATPAC_STANDARDIZATION : M2D_STANDARDIZATION);
}

const MOST_FRAMES = 2 ** 16; // eleven minutes: a file that says more is damaged, and would ask for gigabytes of positions

/**
 * As long as the file's positions; where they are computed, as the file says, or as in the paper in a file of others.
 *
 * @throws Error for weights of ours that state none that patches fill
 */
export function chunkFramesOf(
  { name, values }: TensorFile,
  { naming }: Pick<Recognised, 'naming'>,
  { grid, patch: [, width] }: RecognisedEncoder,
): number {
  if (grid.time !== undefined) return grid.time * width;
  const stated = Number(values.get('chunkFrames') ?? Number.NaN);
  if (Number.isInteger(stated / width) && stated > 0 && stated <= MOST_FRAMES) return stated;
  if (naming === 'audio-ssl')
    throw new Error(
      `loadModel: ${name}: expected chunkFrames that are a multiple of ${width} up to ${MOST_FRAMES} in its metadata, got ${String(values.get('chunkFrames')).slice(0, 50)}; is it damaged?`,
    );
  return Math.max(1, Math.floor(608 / width)) * width;
}

/** Attention heads as the file states them, or one for every 64 channels in files of others; `undefined` when unknown. */
export function headsOf({ values }: TensorFile, { naming }: Recognised, embedDim: number): number | undefined {
  const stated = Number(values.get('numHeads') ?? Number.NaN);
  if (Number.isInteger(stated)) return stated;
  return naming !== 'audio-ssl' && embedDim % 64 === 0 ? embedDim / 64 : undefined;
}
