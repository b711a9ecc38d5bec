import { createLogMel, logMelPresets, type LogMelOptions } from './log-mel.js';
import { resample } from './resample.js';
import type { Spectrogram } from './spectrogram.js';

/** A front end for sounds of any length: the log-mel of any stretch of frames, from no more samples than it needs. */
export interface LogMelWindows {
  /** How many frames a sound of so many samples has; 0 when it is too short for one. */
  frames(samples: number): number;
  /** The samples that `count` frames from `first` on are made of: from `start` up to `end`, which may lie behind the end of the sound. */
  span(first: number, count: number): { readonly start: number; readonly end: number };
  /**
   * The log-mel of `count` frames from `first` on: the very numbers of the log-mel of the whole sound.
   *
   * @param samples mono, those of {@link LogMelWindows.span}; fewer where the sound ends
   * @param total samples of the whole sound
   */
  at(samples: Float32Array, first: number, count: number, total: number): Spectrogram;
}

/** Options of {@link createLogMelWindows}. */
export interface LogMelWindowsOptions extends Partial<LogMelOptions> {
  /** Fills a sound shorter than one frame with zeros up to one. Default false. */
  readonly fillShort?: boolean;
}

/** Prepares windows of log-mels of sounds at `sampleRate` Hz (interim: needs the whole sound). */
export function createLogMelWindows(sampleRate: number, { fillShort = false, ...options }: LogMelWindowsOptions = {}): LogMelWindows {
  const complete: LogMelOptions = { ...logMelPresets.matpac, ...options };
  const logMel = createLogMel(options);
  const frames = (samples: number): number => {
    const length = Math.ceil((samples * complete.sampleRate) / sampleRate);
    const usable = complete.center ? length + 2 * Math.floor(complete.fftSize / 2) : length;
    const found = Math.floor((usable - complete.fftSize) / complete.hopLength) + 1;
    return Math.max(found, fillShort && samples > 0 ? 1 : 0);
  };
  return {
    frames,
    span: () => ({ start: 0, end: Infinity }),
    at(samples, first, count) {
      const at = resample(samples, sampleRate, complete.sampleRate);
      const filled = new Float32Array(Math.max(at.length, fillShort ? complete.fftSize : 0));
      filled.set(at);
      const { data, bins, frames: all } = logMel(filled);
      const taken = Math.min(count, all - first);
      const part = new Float32Array(bins * taken);
      for (let bin = 0; bin < bins; bin++) part.set(data.subarray(bin * all + first, bin * all + first + taken), bin * taken);
      return { data: part, bins, frames: taken };
    },
  };
}
