import {
  createLogMel,
  logMelPresets,
  mixToMono,
  pad,
  resample,
  standardize,
  type LogMelOptions,
  type Spectrogram,
} from '@audio-ssl/audio-frontend';
import { tidy, type TensorTree } from '@audio-ssl/params';
import {
  dropClassToken,
  embedPatches,
  encode,
  encodeLayers,
  frequencyConcat,
  patchGrid,
  prependClassToken,
  type Patch,
  type SpectrogramEncoder,
} from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import { joinInTime } from './join-in-time.js';
import { asStream, isStream, logMelPieces, type Sound, type SoundStream } from './sound-stream.js';

/** What makes a pure function of trees of tensors a faster one, for inputs of the same shapes: `compile` of `@audio-ssl/compile`. */
export type Compiler = <Args extends readonly TensorTree[], Result extends TensorTree>(
  fn: (...args: Args) => Result,
) => ((...args: Args) => Result) & {
  /** Frees what was made for those shapes. */
  dispose(): void;
};

/** How features are taken. */
export interface ExtractorOptions {
  readonly patch: Patch;
  readonly numHeads: number;
  /** Mean and standard deviation that the model was trained with. */
  readonly standardization: { readonly mean: number; readonly std: number };
  /** Frames encoded at once: longer clips are cut and the pieces' features joined in time. `null` encodes a clip whole. 608 in the paper. */
  readonly chunkFrames: number | null;
  /** The log-mel front end; MATPAC's by default. */
  readonly logMel?: Partial<LogMelOptions>;
  /** Positions (F, T, D) of a checkpoint; by default they are computed, for any length. */
  readonly positions?: tf.Tensor3D;
  /**
   * `'precise'` (the default, and the paper's): a last piece is as long as the sound is, but for the rest of a patch.
   * `'fast'`: every piece is filled up to `chunkFrames` with zeros, so that all run in one batch; the features of the filling
   * are returned, too.
   */
  readonly mode?: 'precise' | 'fast';
  /** Blocks whose output is given too, from 0: `[3, 11]`, or `'all'`. The last block's comes through the final norm. None by default. */
  readonly layers?: readonly number[] | 'all';
  /** The patches of one time step: side by side, lowest frequency first (F * D values, the default), or averaged (D). */
  readonly frequency?: 'concat' | 'mean';
  /** One vector a time step (the default), or their mean: one row. */
  readonly time?: 'frames' | 'mean';
  /**
   * `compile` of `@audio-ssl/compile`: the encoder then runs as one graph, 1.2 to 1.8 times as fast in Node. Every number and
   * length of pieces is a graph of its own, which takes a second to make: the first eight that come a second time are
   * compiled, all others run as without.
   */
  readonly compile?: Compiler | undefined;
}

/** Features over time, row-major (frames, dims): the patches of one time step side by side, lowest frequency first. */
export interface FrameFeatures {
  /** The last layer. */
  readonly data: Float32Array;
  readonly frames: number;
  readonly dims: number;
  /** The layers that were asked for, in that order, each as `data` is. */
  readonly layers: readonly Float32Array[];
}

/** Features of audio. */
export interface Extractor {
  /** The features of one sound. A stream is never held as a whole, its features are. */
  (sound: Sound): Promise<FrameFeatures>;
  /** The features of several, which are encoded together as far as their pieces are of one length; streams one by one. */
  batch(sounds: readonly Sound[]): Promise<FrameFeatures[]>;
  /**
   * The features of one sound of any length in constant memory: those of some chunks at a time, in order, or with
   * `time: 'mean'` the one mean at the end. They are those of the whole sound, but for the rounding of float32.
   */
  stream(sound: Sound): AsyncGenerator<FrameFeatures, void, undefined>;
  /** The features of a log-mel spectrogram that is not standardised yet. */
  fromLogMel(logMel: Spectrogram): Promise<FrameFeatures>;
  /** The features of several of these. */
  fromLogMels(logMels: readonly Spectrogram[]): Promise<FrameFeatures[]>;
  /**
   * The features of a log-mel that comes in pieces, as {@link Extractor.stream} gives them: piece by piece, or their one mean.
   *
   * @param pieces in order; all but the last must be a multiple of `chunkFrames` long. With `chunkFrames: null` they are joined.
   */
  streamLogMel(
    pieces: AsyncIterable<Spectrogram> | Iterable<Spectrogram>,
  ): AsyncGenerator<FrameFeatures, void, undefined>;
  /** Frees what `compile` made; the weights stay yours. */
  dispose(): void;
}

/** What published MATPAC models are standardised with (mean and standard deviation of AudioSet's log-mels). */
export const MATPAC_STANDARDIZATION = { mean: -7.056, std: 4.193 } as const;

/** Tokens encoded at once: eight pieces of 608 frames; more is not faster and takes memory. */
const TOKENS_AT_ONCE = 1600;

/** Shapes that are compiled: full chunks and the commonest rests; a folder of clips of any length has hundreds. */
const GRAPHS = 8;

/** A stretch of one clip that is encoded on its own. */
interface Piece {
  readonly clip: number;
  readonly start: number;
  readonly frames: number;
}

/**
 * A feature extractor: the last layer, the frequency patches of a time step side by side (the paper's feature, section
 * 3.3). What is left of a last patch is filled with zeros after standardisation, and in the mode `precise` nothing else is.
 *
 * Sounds of any length: one shorter than a window of the front end (25 ms) is filled up to it.
 *
 * @param weights the student's (as published) or the teacher's encoder; borrowed.
 * @param options what {@link loadModel} gives as `settings`, and how features are taken.
 * @throws Error for options that do not fit the encoder.
 * @example
 * const extract = createExtractor(model.weights, { ...model.settings, layers: 'all' });
 * const { data, frames, dims } = await extract(await decodeAudio(bytes));
 * for await (const piece of extract.stream({ sampleRate: 48_000, blocks })) console.log(piece.frames); // of any length
 */
export function createExtractor(weights: SpectrogramEncoder, options: ExtractorOptions): Extractor {
  const { chunkFrames, standardization, patch, mode = 'precise', frequency = 'concat', time = 'frames' } = options;
  const layers = validate(weights, options);
  const logMelOptions: LogMelOptions = { ...logMelPresets.matpac, ...options.logMel };
  const toLogMel = createLogMel(logMelOptions);
  const padded = mode === 'fast';

  const toSpectrogram = (sound: Exclude<Sound, SoundStream>): Spectrogram => {
    const { sampleRate, fftSize } = logMelOptions;
    const mono = sound instanceof Float32Array ? sound : resample(mixToMono(sound), sound.sampleRate, sampleRate);
    if (mono.length === 0) throw new Error('extract: expected a sound of one sample or more, got none');
    const long = mono.length >= fftSize ? mono : new Float32Array(fftSize);
    if (long !== mono) long.set(mono);
    return toLogMel(long);
  };

  /** Features of pieces of one length: for each wanted layer (pieces, steps, dims). */
  const features = (weights: SpectrogramEncoder, spectrogram: tf.Tensor3D): tf.Tensor3D[] =>
    tidy(() => {
      const [, bins, frames] = spectrogram.shape;
      const grid = patchGrid(bins, frames, patch);
      const positions = options.positions && positionsOf(options.positions, grid.time);
      const embedded = embedPatches(weights.patch_embed, spectrogram, { patch, positions });
      const tokens = prependClassToken(weights.cls_token, embedded);
      const last = weights.encoder.blocks.length - 1;
      const outputs = layers.length > 0 ? encodeLayers(weights.encoder, tokens, options) : [];
      const wanted = [...layers, last].map((layer) => outputs[layer] ?? encode(weights.encoder, tokens, options));
      return wanted.map((output) => {
        const inner = dropClassToken(output);
        if (frequency === 'concat') return frequencyConcat(inner, grid);
        const [count, , dim] = inner.shape;
        return tf.mean(tf.reshape(inner, [count, grid.freq, grid.time, dim]), 1) as tf.Tensor3D;
      });
    });

  const { patch_embed, cls_token, encoder } = weights; // a student has more
  const compiled = options.compile && compileRepeated(features, options.compile);
  const run = compiled ?? features;

  /** Rows, or their sums over time in double precision, of every clip: (wanted layers, rows, dims). */
  const encodeClips = async (logMels: readonly Spectrogram[]): Promise<Encoded[]> => {
    const clips = logMels.map((logMel) => {
      const unit = padded ? chunkFrames! : patch[1];
      return pad(standardize(logMel, standardization), Math.ceil(logMel.frames / unit) * unit);
    });
    const dims = (frequency === 'concat' ? clips[0]!.bins / patch[0] : 1) * weights.cls_token.shape.at(-1)!;
    const encoded = clips.map(({ frames }): Encoded => {
      const steps = frames / patch[1];
      const empty = () => (time === 'mean' ? new Float64Array(dims) : new Float32Array(steps * dims));
      return { dims, steps, wanted: [...layers, 0].map(empty) };
    });
    for (const group of groups(clips, chunkFrames, patch)) {
      const { bins } = clips[0]!;
      const { frames } = group[0]!;
      const values = new Float32Array(group.length * bins * frames);
      group.forEach(({ clip, start }, i) => {
        for (let bin = 0; bin < bins; bin++) {
          const from = bin * clips[clip]!.frames + start;
          values.set(clips[clip]!.data.subarray(from, from + frames), (i * bins + bin) * frames);
        }
      });
      const input = tf.tensor3d(values, [group.length, bins, frames]);
      const outputs = run({ patch_embed, cls_token, encoder }, input);
      input.dispose();
      const arrays = (await Promise.all(outputs.map((output) => output.data()))) as Float32Array[];
      tf.dispose(outputs);
      const width = (frames / patch[1]) * dims;
      group.forEach(({ clip, start }, i) => {
        arrays.forEach((array, layer) => {
          const target = encoded[clip]!.wanted[layer]!;
          const piece = array.subarray(i * width, (i + 1) * width);
          if (time === 'mean') for (let k = 0; k < width; k++) target[k % dims]! += piece[k]!;
          else target.set(piece, (start / patch[1]) * dims);
        });
      });
    }
    return encoded;
  };

  const fromLogMels = async (logMels: readonly Spectrogram[]): Promise<FrameFeatures[]> =>
    logMels.length === 0 ? [] : (await encodeClips(logMels)).map(finish);

  async function* streamLogMel(
    pieces: AsyncIterable<Spectrogram> | Iterable<Spectrogram>,
  ): AsyncGenerator<FrameFeatures, void, undefined> {
    let sums: Encoded | undefined;
    let before = 0; // frames
    for await (const piece of chunkFrames === null ? [await joinInTime(pieces)] : pieces) {
      if (chunkFrames !== null && before % chunkFrames !== 0)
        throw new Error(
          `streamLogMel: expected pieces of a multiple of ${chunkFrames} frames but for the last, got another one behind ${before} frames`,
        );
      before += piece.frames;
      const [found] = await encodeClips([piece]);
      if (time === 'frames') yield finish(found!);
      else sums = sums ? added(sums, found!) : found!;
    }
    if (before === 0) throw new Error('streamLogMel: expected one piece or more, got none');
    if (sums) yield finish(sums);
  }

  const stream = (sound: Sound): AsyncGenerator<FrameFeatures, void, undefined> =>
    streamLogMel(
      logMelPieces(
        asStream(sound, logMelOptions.sampleRate),
        framesAtOnce(chunkFrames, logMelOptions.melBins, patch),
        logMelOptions,
      ),
    );

  const batch = async (sounds: readonly Sound[]): Promise<FrameFeatures[]> => {
    const whole = sounds.flatMap((sound) => (isStream(sound) ? [] : [toSpectrogram(sound)]));
    const found = (await fromLogMels(whole)).values();
    const all: FrameFeatures[] = [];
    for (const sound of sounds) all.push(isStream(sound) ? await joined(stream(sound)) : found.next().value!);
    return all;
  };
  return Object.assign(async (sound: Sound) => (await batch([sound]))[0]!, {
    batch,
    stream,
    fromLogMel: async (logMel: Spectrogram) => (await fromLogMels([logMel]))[0]!,
    fromLogMels,
    streamLogMel,
    dispose: () => compiled?.dispose(),
  });
}

/** What was made of one clip or piece: rows, or their sums over time. */
interface Encoded {
  readonly dims: number;
  /** Time steps. */
  readonly steps: number;
  /** The layers that are wanted, the last one behind them. */
  readonly wanted: readonly (Float32Array | Float64Array)[];
}

/** The rows as they are, or the mean of the sums. */
function finish({ dims, steps, wanted }: Encoded): FrameFeatures {
  const means = wanted.map((values) =>
    values instanceof Float32Array ? values : Float32Array.from(values, (sum) => sum / steps),
  );
  const data = means.at(-1)!;
  return { data, frames: data.length / dims, dims, layers: means.slice(0, -1) };
}

/** The sums of two pieces as those of one. */
function added(a: Encoded, b: Encoded): Encoded {
  const wanted = a.wanted.map((values, layer) => Float64Array.from(values, (sum, i) => sum + b.wanted[layer]![i]!));
  return { dims: a.dims, steps: a.steps + b.steps, wanted };
}

/** Features that came piece by piece, one behind the other. */
async function joined(pieces: AsyncIterable<FrameFeatures>): Promise<FrameFeatures> {
  const all: FrameFeatures[] = [];
  for await (const piece of pieces) all.push(piece);
  if (all.length === 1) return all[0]!;
  const dims = all[0]!.dims;
  const frames = all.reduce((sum, piece) => sum + piece.frames, 0);
  const join = (of: (piece: FrameFeatures) => Float32Array): Float32Array => {
    const rows = new Float32Array(frames * dims);
    all.reduce((at, piece) => (rows.set(of(piece), at), at + of(piece).length), 0);
    return rows;
  };
  const layers = all[0]!.layers.map((_, layer) => join((piece) => piece.layers[layer]!));
  return { data: join(({ data }) => data), frames, dims, layers };
}

/** `f` compiled for the first shapes of its last argument that come a second time, as many as {@link GRAPHS}. */
function compileRepeated<Params extends TensorTree, Result extends TensorTree>(
  f: (params: Params, x: tf.Tensor3D) => Result,
  compile: Compiler,
): typeof f & { dispose(): void } {
  const compiled = compile(f);
  const [seen, repeated] = [new Set<string>(), new Set<string>()];
  const call = (params: Params, x: tf.Tensor3D): Result => {
    const shape = x.shape.join();
    if (seen.has(shape) && repeated.size < GRAPHS) repeated.add(shape);
    seen.add(shape);
    return (repeated.has(shape) ? compiled : f)(params, x);
  };
  return Object.assign(call, { dispose: () => compiled.dispose() });
}

/** Refuses options that do not fit; gives the blocks that are asked for. */
function validate({ encoder }: SpectrogramEncoder, options: ExtractorOptions): readonly number[] {
  const { chunkFrames, patch, mode, layers = [], positions } = options;
  if (chunkFrames !== null && !(chunkFrames > 0 && chunkFrames % patch[1] === 0)) {
    throw new Error(
      `createExtractor: expected chunkFrames to be a multiple of the patch's ${patch[1]} frames, got ${chunkFrames}`,
    );
  }
  if (chunkFrames === null && mode !== undefined && mode !== 'precise') {
    throw new Error(`createExtractor: the mode ${mode} needs chunkFrames, got null; 608 in the paper`);
  }
  if (positions && !(chunkFrames !== null && chunkFrames / patch[1] <= positions.shape[1])) {
    throw new Error(
      `createExtractor: the checkpoint has positions for ${positions.shape[1] * patch[1]} frames, got chunkFrames ${chunkFrames}; take at most as many`,
    );
  }
  const depth = encoder.blocks.length;
  const wanted = layers === 'all' ? encoder.blocks.map((_, i) => i) : layers;
  const odd = wanted.find((layer) => !(Number.isInteger(layer) && layer >= 0 && layer < depth));
  if (odd !== undefined) throw new Error(`createExtractor: layer ${odd} is outside 0..${depth - 1}`);
  return wanted;
}

/** Pieces of one length, as many together as are encoded at once. */
function groups(clips: readonly Spectrogram[], chunkFrames: number | null, patch: Patch): Piece[][] {
  const byLength = new Map<number, Piece[]>();
  clips.forEach(({ frames }, clip) => {
    const length = chunkFrames ?? frames;
    for (let start = 0; start < frames; start += length) {
      const piece = { clip, start, frames: Math.min(length, frames - start) };
      const alike = byLength.get(piece.frames);
      if (alike) alike.push(piece);
      else byLength.set(piece.frames, [piece]);
    }
  });
  return [...byLength].flatMap(([frames, pieces]) => {
    const together = piecesAtOnce(frames, clips[0]!.bins, patch);
    return Array.from({ length: Math.ceil(pieces.length / together) }, (_, i) =>
      pieces.slice(i * together, (i + 1) * together),
    );
  });
}

/** How many pieces of one length are encoded together. */
function piecesAtOnce(frames: number, bins: number, patch: Patch): number {
  const tokens = (frames / patch[1]) * (bins / patch[0]);
  return Math.max(1, Math.floor(TOKENS_AT_ONCE / tokens));
}

/** Frames of a stream that are encoded together: whole chunks, and Infinity where a clip is not cut. */
function framesAtOnce(chunkFrames: number | null, bins: number, patch: Patch): number {
  return chunkFrames === null ? Infinity : chunkFrames * piecesAtOnce(chunkFrames, bins, patch);
}

/** The first columns of a table of positions (F, T, D), as tokens (F * T', D). */
function positionsOf(positions: tf.Tensor3D, columns: number): tf.Tensor {
  const [freq, , dim] = positions.shape;
  return tf.reshape(tf.slice(positions, [0, 0, 0], [freq, columns, dim]), [freq * columns, dim]);
}
