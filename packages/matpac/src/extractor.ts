import { createLogMel, pad, standardize, type LogMelOptions, type Spectrogram } from '@audio-ssl/audio-frontend';
import { tidy } from '@audio-ssl/params';
import { encodeSpectrogram, frequencyConcat, type Patch, type SpectrogramEncoder } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';

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
}

/** Features over time, row-major (frames, dims): the patches of one time step side by side, lowest frequency first. */
export interface FrameFeatures {
  readonly data: Float32Array;
  readonly frames: number;
  readonly dims: number;
}

/** Features of audio at the front end's sample rate. */
export interface Extractor {
  /** The features of a mono waveform. */
  (waveform: Float32Array): Promise<FrameFeatures>;
  /** The features of a log-mel spectrogram that is not standardised yet. */
  fromLogMel(logMel: Spectrogram): Promise<FrameFeatures>;
}

/** What published MATPAC models are standardised with (mean and standard deviation of AudioSet's log-mels). */
export const MATPAC_STANDARDIZATION = { mean: -7.056, std: 4.193 } as const;

/**
 * A feature extractor: the last layer, the frequency patches of a time step side by side (the paper's feature, section
 * 3.3). What is left of a last patch is filled with zeros after standardisation, and nothing else is.
 *
 * @param weights the student's (as published) or the teacher's encoder; borrowed.
 * @example
 * const extract = createExtractor(state.student, { ...options, standardization: MATPAC_STANDARDIZATION, chunkFrames: 608 });
 * const { data, frames, dims } = await extract(waveform); // take the mean over frames for one vector a clip
 */
export function createExtractor(weights: SpectrogramEncoder, options: ExtractorOptions): Extractor {
  const { chunkFrames, standardization } = options;
  if (chunkFrames !== null && !(chunkFrames > 0 && chunkFrames % options.patch[1] === 0)) {
    throw new Error(
      `createExtractor: expected chunkFrames to be a multiple of the patch's ${options.patch[1]} frames, got ${chunkFrames}`,
    );
  }
  const toLogMel = createLogMel(options.logMel);

  const fromLogMel = async (logMel: Spectrogram): Promise<FrameFeatures> => {
    const whole = Math.ceil(logMel.frames / options.patch[1]) * options.patch[1];
    const { data, bins, frames } = pad(standardize(logMel, standardization), whole);
    const features = tidy(() => {
      const spectrogram = tf.tensor3d(data, [1, bins, frames]);
      const length = chunkFrames ?? frames;
      const pieces: tf.Tensor3D[] = [];
      for (let start = 0; start < frames; start += length) {
        const piece = tf.slice(spectrogram, [0, 0, start], [1, bins, Math.min(length, frames - start)]);
        const { tokens, grid } = encodeSpectrogram(weights, piece, options);
        pieces.push(frequencyConcat(tokens, grid)); // (1, T, F * D)
      }
      return tf.concat(pieces, 1);
    });
    const [, steps, dims] = features.shape;
    const values = (await features.data()) as Float32Array;
    features.dispose();
    return { data: values, frames: steps, dims };
  };

  return Object.assign((waveform: Float32Array) => fromLogMel(toLogMel(waveform)), { fromLogMel });
}
