import type { Spectrogram } from '@audio-ssl/audio-frontend';
import type { StartedBackend } from '@audio-ssl/backend';
import type { LogMelStore } from '@audio-ssl/datasets';
import { describeLogMel, poolFrames, type Features, type Pooling } from '@audio-ssl/evaluation';
import { createExtractor, type Extractor, type FrameFeatures, type Sound } from '@audio-ssl/pretrained';
import type { SpectrogramEncoder } from '@audio-ssl/vit';
import { beginStage } from './begin-stage.js';
import type { Config } from './config/config-schema.js';
import { extractorCompiler } from './extractor-compiler.js';
import type { Reporter } from './reporter.js';

/** What spectrograms of a run are standardised with: (x - mean) / std. */
export interface Standardization {
  readonly mean: number;
  readonly std: number;
}

// Clips are encoded whole up to this many frames (20 s): cutting short clips costs accuracy, and attention over long ones memory.
const WHOLE = 2048;

/**
 * The feature extractor of a run, compiled.
 *
 * @param weights borrowed
 * @param options `layers`, blocks whose outputs stand side by side, counted from 0, by default the last one alone; `backend`,
 * which keeps compiled graphs in its cache
 * @returns an extractor, which the caller disposes
 * @example
 * const extract = runExtractor(encoder, config, measured);
 * const { data, frames, dims } = await extract.fromLogMel(logMel); // (frames, dims)
 */
export function runExtractor(
  weights: SpectrogramEncoder,
  { model }: Pick<Config, 'model'>,
  standardization: Standardization,
  { layers, backend }: { readonly layers?: readonly number[]; readonly backend?: StartedBackend | undefined } = {},
): Extractor {
  const extract = createExtractor(weights, {
    patch: model.patch,
    numHeads: model.encoder.numHeads,
    standardization,
    chunkFrames: chunkFramesOf(model.patch),
    compile: extractorCompiler(backend),
    ...(layers && { layers }),
  });
  if (!layers) return extract;
  const chosen = (features: FrameFeatures): FrameFeatures => ({
    ...features,
    data: sideBySide(features),
    dims: layers.length * features.dims,
  });
  return Object.assign(async (sound: Sound) => chosen(await extract(sound)), {
    batch: async (sounds: readonly Sound[]) => (await extract.batch(sounds)).map(chosen),
    fromLogMel: async (logMel: Spectrogram) => chosen(await extract.fromLogMel(logMel)),
    fromLogMels: async (logMels: readonly Spectrogram[]) => (await extract.fromLogMels(logMels)).map(chosen),
    dispose: extract.dispose,
  });
}

/** The vectors of all layers, frame by frame: (frames, layers, dims). */
export function sideBySide({ layers, frames, dims }: FrameFeatures): Float32Array {
  const rows = new Float32Array(frames * layers.length * dims);
  layers.forEach((layer, i) => {
    for (let row = 0; row < frames; row++)
      rows.set(layer.subarray(row * dims, (row + 1) * dims), (row * layers.length + i) * dims);
  });
  return rows;
}

/** Frames that are encoded at once with patches of that width. */
export function chunkFramesOf([, width]: Config['model']['patch']): number {
  return Math.max(1, Math.floor(WHOLE / width)) * width;
}

/** The options of {@link clipFeatures}. */
export interface ClipFeaturesOptions {
  /** The clips, by their index in the store. */
  readonly indices: readonly number[];
  /** How the frames of a clip become one vector; each pooling makes a matrix. */
  readonly poolings: readonly Pooling[];
  readonly reporter?: Reporter | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The features of clips, one matrix for each pooling, rows in the order of `indices`.
 *
 * @param name of the stage that is reported
 * @param extract disposed at the end
 * @throws the signal's reason when it is aborted
 * @example
 * const extract = runExtractor(encoder, config, measured);
 * const features = await clipFeatures('pretrained', extract, clips.store, { indices: clips.kept, poolings: ['mean'] });
 */
export async function clipFeatures(
  name: string,
  extract: Extractor,
  store: LogMelStore,
  { indices, poolings, reporter, signal }: ClipFeaturesOptions,
): Promise<Map<Pooling, Features>> {
  const rows = poolings.map((): Float32Array[] => []);
  const progress = beginStage(reporter, name, indices.length);
  try {
    for (const [done, index] of indices.entries()) {
      signal?.throwIfAborted();
      const { data, frames, dims } = await extract.fromLogMel(await store.load(index));
      poolings.forEach((pooling, i) => rows[i]!.push(poolFrames({ data, rows: frames, dims }, pooling)));
      progress(done + 1);
    }
  } finally {
    extract.dispose();
  }
  return new Map(poolings.map((pooling, i) => [pooling, stack(rows[i]!)]));
}

/**
 * Mean, deviation, maximum and mean absolute change of each mel band: features that no model made.
 *
 * @returns a matrix (clips, 4 x bins), rows in the order of `indices`
 * @example
 * const features = await logMelFeatures(clips.store, clips.kept);
 */
export async function logMelFeatures(store: LogMelStore, indices: readonly number[]): Promise<Features> {
  const rows: Float32Array[] = [];
  for (const index of indices) rows.push(describeLogMel(await store.load(index)));
  return stack(rows);
}

function stack(rows: readonly Float32Array[]): Features {
  const dims = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * dims);
  rows.forEach((row, i) => data.set(row, i * dims));
  return { data, rows: rows.length, dims };
}
