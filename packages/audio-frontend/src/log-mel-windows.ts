import { createFrameTransform } from './create-frame-transform.js';
import { findResampler } from './find-resampler.js';
import { FRAME_GROUP } from './frame-transform.js';
import { completeLogMelOptions, type LogMelOptions } from './log-mel-options.js';
import { rateRatio, resampledLength } from './rate-ratio.js';
import { requireFinite } from './require-finite.js';
import { cropAt, type Spectrogram } from './spectrogram.js';
import { stretch } from './stretch.js';

/** A front end for sounds of any length: the log-mel of any stretch of frames, from few more samples than those it shows. */
export interface LogMelWindows {
  /** How many frames a sound of so many samples has; 0 when it is too short for one. */
  frames(samples: number): number;
  /**
   * The samples that `count` frames from `first` on are computed from: from `start` up to `end`, which may lie behind the
   * end of the sound. Beside what the frames show they hold up to two pairs of the resampler's blocks, with which these
   * frames are rounded in the whole sound: 0.5 s in all at 44.1 kHz, 1.9 s at 11.025 kHz.
   */
  span(first: number, count: number): { readonly start: number; readonly end: number };
  /**
   * The log-mel of `count` frames from `first` on, fewer where the sound ends: bit for bit the numbers of
   * `createLogMel(options)(resample(whole, sampleRate, options.sampleRate))`.
   *
   * @param samples mono, those of {@link LogMelWindows.span} up to the end of the sound
   * @param total samples of the whole sound
   * @throws RangeError when the samples are not those, or NaN or infinite; or when the sound has no frame `first`.
   */
  at(samples: Float32Array, first: number, count: number, total: number): Spectrogram;
}

/** Options of {@link createLogMelWindows}. */
export interface LogMelWindowsOptions extends Partial<LogMelOptions> {
  /** Fills a sound shorter than `fftSize`, at the rate of the log-mel, with zeros up to that length. Default false. */
  readonly fillShort?: boolean;
}

/**
 * Prepares log-mels of stretches of sounds at `sampleRate` Hz, a whole number, so that a sound of any length takes the
 * memory of one stretch. Keep it: its tables are made once.
 *
 * @throws RangeError when the rate or an option is out of range.
 * @example
 * const windows = createLogMelWindows(44100);
 * const frames = windows.frames(total);
 * for (let first = 0; first < frames; first += 6000) {
 *   const { start, end } = windows.span(first, 6000); // a minute
 *   const logMel = windows.at(mono.subarray(start, end), first, 6000, total);
 * }
 */
export function createLogMelWindows(
  sampleRate: number,
  { fillShort = false, ...options }: LogMelWindowsOptions = {},
): LogMelWindows {
  const complete = completeLogMelOptions(options);
  const { fftSize, hopLength, center, melBins: bins } = complete;
  const ratio = rateRatio('createLogMelWindows', sampleRate, complete.sampleRate);
  const transform = createFrameTransform(complete);
  const half = center ? Math.floor(fftSize / 2) : 0;
  const needed = center ? half + 1 : fftSize;

  /** Length at the rate of the log-mel, with the zeros that fill a short sound. */
  const filledLength = (samples: number): number => {
    const length = resampledLength(samples, ratio);
    return fillShort && length > 0 ? Math.max(length, fftSize) : length;
  };
  const framesOf = (samples: number): number => {
    if (!Number.isSafeInteger(samples) || samples < 0) {
      throw new RangeError(
        `LogMelWindows: expected a whole number of samples from 0, got ${samples}; where a file does not say how many it has, read it to its end to count them`,
      );
    }
    const length = filledLength(samples);
    return length < needed ? 0 : 1 + Math.floor((length + 2 * half - fftSize) / hopLength);
  };

  /** The group of frames around a stretch, and the samples at the log-mel's rate that are resampled for it. */
  const around = (first: number, count: number): Record<'first' | 'end' | 'from' | 'to', number> => {
    for (const [name, value, least] of [
      ['first', first, 0],
      ['count', count, 1],
    ] as const) {
      if (!Number.isInteger(value) || value < least)
        throw new RangeError(`LogMelWindows: expected ${name} to be a whole number from ${least}, got ${value}`);
    }
    const { grain } = findResampler(ratio);
    const [start, end] = [down(first, FRAME_GROUP), up(first + count, FRAME_GROUP)];
    // A last frame that is centred on the end sees one sample more before its start, mirrored.
    const from = Math.max(0, start * hopLength - (center ? half + 1 : 0));
    const to = (end - 1) * hopLength - half + fftSize;
    return { first: start, end, from: down(from, grain), to: up(to, grain) };
  };
  const span = (first: number, count: number): { start: number; end: number } => {
    const { from, to } = around(first, count);
    const { start, end } = findResampler(ratio).inputs(from, to);
    return { start: Math.max(0, start), end };
  };

  return {
    frames: framesOf,
    span,
    at(samples, first, count, total) {
      const group = around(first, count);
      const frames = framesOf(total);
      if (first >= frames) {
        throw new RangeError(
          `LogMelWindows: expected a first frame below ${frames}, which a sound of ${total} samples at ${sampleRate} Hz has, got ${first}`,
        );
      }
      const { start, end } = span(first, count);
      const expected = Math.min(end, total) - Math.min(start, total);
      if (samples.length !== expected) {
        throw new RangeError(
          `LogMelWindows: expected the samples ${start} to ${start + expected - 1} of a sound of ${total}, ${expected} of them, for frame ${first} and up to ${count - 1} more, got ${samples.length}; see span()`,
        );
      }
      const part = new Float32Array(Math.max(0, Math.min(group.to, resampledLength(total, ratio)) - group.from));
      findResampler(ratio).run(samples, start, part, group.from);

      const endFrame = Math.min(group.end, frames);
      const from = group.first * hopLength - half;
      const to = (endFrame - 1) * hopLength - half + fftSize;
      const computed = {
        data: new Float32Array(bins * (endFrame - group.first)),
        bins,
        frames: endFrame - group.first,
      };
      const finite = transform(
        stretch(part, group.from, filledLength(total), from, to),
        computed.frames,
        computed.data,
      );
      if (!finite) requireFinite('logMel', part, group.from);
      const taken = Math.min(count, frames - first);
      return taken === computed.frames ? computed : cropAt(computed, first - group.first, taken);
    },
  };
}

const down = (n: number, unit: number): number => n - (n % unit);
const up = (n: number, unit: number): number => Math.ceil(n / unit) * unit;
