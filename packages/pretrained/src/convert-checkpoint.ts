import type { PendingTensor, TensorFile } from '@audio-ssl/tensor-files';
import { sinCosTable } from '@audio-ssl/vit';
import { encoderMetadata, withFacts, type EncoderFacts } from './encoder-metadata.js';
import { isTransposed, toTheirPath, type Naming } from './name-tables.js';
import {
  chunkFramesOf,
  frontEndNotes,
  frontEndOf,
  headsOf,
  logMelOf,
  requireFacts,
  standardizationOf,
} from './model-settings.js';
import { ourShape, readMapped, readUnscaled, recognise, transpose, type Recognised } from './recognise.js';

/** What became of one tensor. */
export interface ConversionRow {
  /** Its name in the source; `undefined` for one that was computed or is missing. */
  readonly from: string | undefined;
  /** Its name in the result; `undefined` for one that was left over or is missing. */
  readonly to: string | undefined;
  readonly shape: readonly number[];
  readonly what: 'copied' | 'transposed' | 'computed' | 'left over' | 'missing';
}

/** A checkpoint under other names. */
export interface Conversion {
  /** What the source was recognised as, in words. */
  readonly family: string;
  /** The tensors of the result, each read and converted when it is written. */
  readonly tensors: ReadonlyMap<string, PendingTensor>;
  /** Prefixes that are dictionaries in a PyTorch checkpoint: `model`, `model._ema`. */
  readonly dictionaries: readonly string[];
  /** What tensors do not say (heads, front end, mean and standard deviation), for the metadata of a file. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly rows: readonly ConversionRow[];
  /** What to tell who converts, in sentences: which of several encoders it is, what was left out of the file, what was assumed. */
  readonly notes: readonly string[];
}

/** How {@link convertCheckpoint} converts. */
export interface ConversionOptions {
  /** Attention heads, written into the metadata; by default those that `loadModel` would take, where that is certain. */
  readonly numHeads?: number | undefined;
  /** What the source does not state of its encoder, as in `LoadModelOptions`. */
  readonly facts?: Partial<EncoderFacts> | undefined;
  /** Which of two copies of the model, as in `LoadModelOptions`. */
  readonly network?: 'student' | 'teacher' | undefined;
  /** Leave out all but the encoder and a class head, as the published files do. */
  readonly encoderOnly?: boolean | undefined;
}

/**
 * A checkpoint under the names of another family: ours (kernels as (in, out)), those of the authors of MATPAC or those of
 * M2D (both as PyTorch has them). Nothing but the table of contents is read before the result is written, and M2D's two
 * statistics.
 *
 * @throws Error when the source is not recognised or has nothing for those names.
 * @example
 * const { tensors, metadata, rows } = await convertCheckpoint(file, 'audio-ssl');
 * await pipeline(safetensorsChunks(tensors, metadata), createWriteStream('encoder.safetensors'));
 */
export async function convertCheckpoint(
  opened: TensorFile,
  naming: Naming,
  options: ConversionOptions = {},
): Promise<Conversion> {
  const file = withFacts(opened, options.facts);
  const recognised = recognise(file, options);
  const { mapped, encoder } = recognised;
  const tensors = new Map<string, PendingTensor>();
  const rows: ConversionRow[] = [];
  const isEncoder = (path: string): boolean =>
    /^student\.(encoder|patch_embed)\.|^student\.cls_token$|^classifier\./.test(path);
  const training =
    options.encoderOnly !== true && [...mapped.keys()].some((path) => !isEncoder(path) && !path.startsWith('moments.'));
  const prefix = training && naming === 'matpac' ? 'model.' : '';

  for (const [path, { name, shape }] of mapped) {
    const inner =
      options.encoderOnly === true && !isEncoder(path) ? undefined : nameOf(path, naming, recognised, training);
    const to = inner === undefined ? undefined : `${prefix}${inner}`;
    if (to === undefined || tensors.has(to)) {
      rows.push({ from: name, to: undefined, shape, what: 'left over' });
      continue;
    }
    const ours = ourShape(path, shape, recognised.naming);
    const made = naming === 'audio-ssl' ? ours : theirShape(path, ours, encoder?.patch);
    const turned = isTransposed(path) && (naming === 'audio-ssl') !== (recognised.naming === 'audio-ssl');
    rows.push({ from: name, to, shape: made, what: turned ? 'transposed' : 'copied' });
    tensors.set(to, { dtype: 'F32', shape: made, data: () => convertedData(file, recognised, path, naming) });
  }
  const metadata = await metadataOf(file, recognised, options); // refuses what does not say what it is
  addPositions(file, recognised, naming, prefix, training, tensors, rows);
  if (encoder) addStatistics(recognised, naming, metadata, tensors, rows);
  for (const name of [...recognised.computed, ...recognised.leftOver]) {
    if (rows.some(({ from }) => from === name)) continue;
    rows.push({ from: name, to: undefined, shape: file.tensors.get(name)!.shape, what: 'left over' });
  }
  for (const to of missing(naming, mapped)) rows.push({ from: undefined, to, shape: [], what: 'missing' });
  if (tensors.size === 0) {
    throw new Error(
      `convertCheckpoint: ${file.name} is a ${recognised.family}, of which nothing has a name in ${naming}`,
    );
  }
  const dictionaries =
    prefix === ''
      ? []
      : ['model', 'model._ema', 'model._cls_head_ema'].filter((one) =>
          [...tensors.keys()].some((name) => name.startsWith(`${one}.`)),
        );
  const notes = [...recognised.notes, ...frontEndNotes(file, recognised)];
  return { family: recognised.family, tensors, dictionaries, metadata, rows, notes };
}

/** The name in the result, without the prefix that all share. */
function nameOf(path: string, naming: Naming, { isProbe }: Recognised, training: boolean): string | undefined {
  if (naming === 'audio-ssl') return training ? path : path.replace(/^student\./, '');
  if (path.startsWith('moments.')) return undefined;
  if (isProbe && naming === 'matpac')
    return path.replace('classifier.kernel', 'probe.weight').replace('classifier.', 'probe.');
  return toTheirPath(path, naming);
}

/** The shape that the others hold a parameter in. */
function theirShape(path: string, ours: readonly number[], patch: readonly [number, number] | undefined): number[] {
  if (path === 'center') return [1, 1, ours[0]!];
  if (path === 'student.patch_embed.proj.kernel' && patch) return [ours[1]!, 1, patch[0], patch[1]];
  return isTransposed(path) ? [ours[1]!, ours[0]!] : [...ours];
}

async function convertedData(
  file: TensorFile,
  recognised: Recognised,
  path: string,
  naming: Naming,
): Promise<Float32Array> {
  const same = (naming === 'audio-ssl') === (recognised.naming === 'audio-ssl');
  if (same || !isTransposed(path))
    return Float32Array.from((await readUnscaled(file, recognised.mapped.get(path)!.name)).data);
  const { shape, data } = await readMapped(file, recognised, path);
  if (naming === 'audio-ssl') return data;
  const [rows, columns] = shape as [number, number];
  return transpose(data, rows, columns);
}

/** Positions are computed in our code, and part of the others' files. */
function addPositions(
  file: TensorFile,
  recognised: Recognised,
  naming: Naming,
  prefix: string,
  training: boolean,
  tensors: Map<string, PendingTensor>,
  rows: ConversionRow[],
): void {
  const { positions, encoder, mapped } = recognised;
  if (!encoder) return;
  if (positions !== undefined) {
    const { shape } = file.tensors.get(positions)!;
    const to = `${prefix}pos_embed`;
    rows.push({ from: positions, to, shape, what: 'copied' });
    tensors.set(to, { dtype: 'F32', shape, data: async () => Float32Array.from((await file.read(positions)).data) });
  }
  if (naming === 'audio-ssl') return;
  const { freq } = encoder.grid;
  const time = chunkFramesOf(file, recognised, encoder) / encoder.patch[1];
  const compute = (to: string, dim: number): void => {
    const shape = [1, 1 + freq * time, dim];
    rows.push({ from: undefined, to, shape, what: 'computed' });
    tensors.set(to, {
      dtype: 'F32',
      shape,
      data: async () => {
        const values = new Float32Array((1 + freq * time) * dim); // the class token's position is zero
        values.set(sinCosTable({ freq, time }, dim), dim);
        return values;
      },
    });
  };
  if (positions === undefined) compute(`${prefix}pos_embed`, encoder.embedDim);
  const width = mapped.get('student.predictor.mask_token')?.shape.at(-1);
  if (training && width !== undefined) {
    compute(`${prefix}${naming === 'matpac' ? 'decoder.' : ''}decoder_pos_embed`, width);
  }
}

/** Mean and standard deviation: a tensor in M2D's files, metadata in ours. */
function addStatistics(
  { normStats }: Recognised,
  naming: Naming,
  { mean, std }: Readonly<Record<string, string>>,
  tensors: Map<string, PendingTensor>,
  rows: ConversionRow[],
): void {
  const what = normStats === undefined ? 'computed' : 'copied';
  if (naming === 'm2d') {
    rows.push({ from: normStats, to: 'norm_stats', shape: [2], what });
    tensors.set('norm_stats', {
      dtype: 'F32',
      shape: [2],
      data: async () => Float32Array.of(Number(mean), Number(std)),
    });
  } else if (normStats !== undefined) rows.push({ from: normStats, to: '(metadata: mean, std)', shape: [2], what });
}

/** Parts that a file of those names usually has and this one lacks. */
function missing(naming: Naming, mapped: ReadonlyMap<string, unknown>): string[] {
  const has = (start: string): boolean => [...mapped.keys()].some((path) => path.startsWith(start));
  const parts: readonly (readonly [string, string])[] = [
    ['student.predictor.', 'predictor'],
    ['student.head.', 'class head'],
    ['teacher.encoder.', "teacher's encoder"],
    ['teacher.head.', "teacher's class head"],
    ['center', 'centre'],
  ];
  // Only a training checkpoint is expected to have them: a single part shows that it is one.
  if (!parts.some(([start]) => has(start))) return [];
  const known = naming === 'm2d' ? parts.filter(([start]) => /predictor|teacher\.encoder/.test(start)) : parts;
  return known.filter(([start]) => !has(start)).map(([, words]) => words);
}

async function metadataOf(
  file: TensorFile,
  recognised: Recognised,
  { numHeads }: ConversionOptions,
): Promise<Record<string, string>> {
  const { encoder, family } = recognised;
  if (!encoder) return { format: 'pt', source: family };
  const heads = numHeads ?? headsOf(file, recognised, encoder.embedDim);
  withFacts(file, { numHeads: heads });
  // The heads may stay unknown, as in the files of others: whoever loads the result is asked.
  requireFacts({ ...file, values: new Map([...file.values, ['numHeads', heads ?? 0]]) }, recognised);
  logMelOf(file, recognised); // refuses settings of another version
  const { mean, std } = await standardizationOf(file, recognised);
  const stated = (key: string): string | undefined => file.values.get(key)?.toString();
  return {
    format: 'pt', // what Python's safetensors expects of files that PyTorch reads
    source: family,
    ...encoderMetadata({
      patch: encoder.patch,
      bins: encoder.grid.freq * encoder.patch[0],
      numHeads: heads,
      frontEnd: frontEndOf(file, recognised),
      ...{ mean, std },
      chunkFrames: chunkFramesOf(file, recognised, encoder),
      cropFrames: Number(stated('cropFrames')) || undefined,
      variant: stated('variant'),
    }),
  };
}
