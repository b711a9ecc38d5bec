import type { Spectrogram } from '@audio-ssl/audio-frontend';
import type { StartedBackend } from '@audio-ssl/backend';
import { SkippedClipError, type LogMelStore } from '@audio-ssl/datasets';
import { createLogMelDescriber, createPooler, type Features, type Pooling } from '@audio-ssl/evaluation';
import { createExtractor, type Extractor, type FrameFeatures, type Sound } from '@audio-ssl/pretrained';
import type { SpectrogramEncoder } from '@audio-ssl/vit';
import { beginStage } from './begin-stage.js';
import type { Config } from './config/config-schema.js';
import { extractorCompiler } from './extractor-compiler.js';
import { loadAhead, type LoadAheadOptions, type LoadedClip } from './load-ahead.js';
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
  async function* each(found: AsyncIterable<FrameFeatures>): AsyncGenerator<FrameFeatures, void, undefined> {
    for await (const features of found) yield chosen(features);
  }
  return Object.assign(async (sound: Sound) => chosen(await extract(sound)), {
    batch: async (sounds: readonly Sound[]) => (await extract.batch(sounds)).map(chosen),
    stream: (sound: Sound) => each(extract.stream(sound)),
    fromLogMel: async (logMel: Spectrogram) => chosen(await extract.fromLogMel(logMel)),
    fromLogMels: async (logMels: readonly Spectrogram[]) => (await extract.fromLogMels(logMels)).map(chosen),
    streamLogMel: (pieces: AsyncIterable<Spectrogram> | Iterable<Spectrogram>) => each(extract.streamLogMel(pieces)),
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

// Frames of a piece: eight of the paper's chunks, which is as many as go through the encoder together.
const PIECE = 8 * 608;

/** Frames of the pieces that long sounds are cut into where features are taken of them: whole chunks, some 40 s. */
export function pieceFramesOf(chunkFrames: number): number {
  return Math.max(1, Math.floor(PIECE / chunkFrames)) * chunkFrames;
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

// Clips that are loaded ahead of the one that is used.
const AHEAD = 8;

/**
 * The features of clips, one matrix for each pooling, rows in the order of `indices`. Clips are taken piece by piece, so
 * that they may have any length.
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
  let done = 0;
  try {
    const onDetail = (detail: string): void => progress(done, detail);
    for await (const { pieces, spectrograms } of usable(store, indices, { onDetail, signal })) {
      const pooler = createPooler(name);
      let piece = 0;
      for await (const { data, frames, dims } of extract.streamLogMel(spectrograms())) {
        signal?.throwIfAborted();
        pooler.push({ data, rows: frames, dims });
        if (pieces.length > 1) progress(done, `piece ${++piece} of ${pieces.length}`);
      }
      poolings.forEach((pooling, i) => rows[i]!.push(pooler.result(pooling)));
      progress(++done);
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
 * @throws the signal's reason when it is aborted
 * @example
 * const features = await logMelFeatures(clips.store, clips.kept);
 */
export async function logMelFeatures(
  store: LogMelStore,
  indices: readonly number[],
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Features> {
  const rows: Float32Array[] = [];
  for await (const { spectrograms } of usable(store, indices, { signal })) {
    const describer = createLogMelDescriber();
    for await (const piece of spectrograms()) describer.push(piece);
    rows.push(describer.result());
  }
  return stack(rows);
}

/** Clips in order, all of which must be usable still. */
async function* usable(
  store: LogMelStore,
  indices: readonly number[],
  options: Pick<LoadAheadOptions, 'onDetail' | 'signal'>,
): AsyncGenerator<LoadedClip, void, undefined> {
  for await (const clip of loadAhead(store, indices, { ahead: AHEAD, ...options })) {
    if (clip instanceof SkippedClipError) throw clip;
    yield clip;
  }
}

function stack(rows: readonly Float32Array[]): Features {
  const dims = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * dims);
  rows.forEach((row, i) => data.set(row, i * dims));
  return { data, rows: rows.length, dims };
}
