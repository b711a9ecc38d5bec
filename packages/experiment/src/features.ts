import type { LogMelStore } from '@audio-ssl/datasets';
import { type Features, logMelStatistics, poolFrames, type Pooling } from '@audio-ssl/evaluation';
import type { Spectrogram } from '@audio-ssl/audio-frontend';
import { createExtractor, type Extractor, type FrameFeatures, type Sound } from '@audio-ssl/pretrained';
import type { SpectrogramEncoder } from '@audio-ssl/vit';
import { compileCached } from './compile-cached.js';
import type { Config } from './config/config-schema.js';
import { startProgress } from './progress.js';

/** What spectrograms of a run are standardised with. */
export interface Standardization {
  readonly mean: number;
  readonly std: number;
}

// Clips are encoded whole up to this many frames (20 s): cutting short clips costs accuracy, and attention over long ones memory.
const WHOLE = 2048;

/** The feature extractor of a run: of its last block, or of others side by side, counted from 0. */
export function runExtractor(
  weights: SpectrogramEncoder,
  { model }: Config,
  standardization: Standardization,
  layers?: readonly number[],
): Extractor {
  const extract = createExtractor(weights, {
    patch: model.patch,
    numHeads: model.encoder.numHeads,
    standardization,
    chunkFrames: chunkFramesOf(model.patch),
    compile: compileCached,
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

/** (frames, layers, dims): what each layer says of a frame, one after the other. */
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

/** The features of clips of a store, one matrix a pooling, rows in the order of `indices`; the extractor is disposed. */
export async function clipFeatures(
  name: string,
  extract: Extractor,
  store: LogMelStore,
  {
    indices,
    poolings,
    signal,
  }: {
    readonly indices: readonly number[];
    readonly poolings: readonly Pooling[];
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Map<Pooling, Features>> {
  const rows = poolings.map((): Float32Array[] => []);
  const progress = startProgress(name, indices.length);
  try {
    for (const [done, index] of indices.entries()) {
      signal?.throwIfAborted();
      const { data, frames, dims } = await extract.fromLogMel(await store.load(index));
      poolings.forEach((pooling, i) => rows[i]?.push(poolFrames({ data, rows: frames, dims }, pooling)));
      progress.update(done + 1);
    }
  } finally {
    extract.dispose();
    progress.stop();
  }
  return new Map(poolings.map((pooling, i) => [pooling, stack(rows[i] ?? [])]));
}

/** Mean, deviation, maximum and mean absolute change of each mel band: features that no model made. */
export async function logMelFeatures(store: LogMelStore, indices: readonly number[]): Promise<Features> {
  const rows: Float32Array[] = [];
  for (const index of indices) rows.push(logMelStatistics(await store.load(index)));
  return stack(rows);
}

function stack(rows: readonly Float32Array[]): Features {
  const dims = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * dims);
  rows.forEach((row, i) => data.set(row, i * dims));
  return { data, rows: rows.length, dims };
}
