import { poolFrames } from './pool-frames.js';

/** A log-mel spectrogram: row-major (bins, frames). */
export interface LogMel {
  readonly data: Float32Array;
  readonly bins: number;
  readonly frames: number;
}

/**
 * Hand-made features to compare a model with: per mel band the mean, standard deviation and maximum over time and the
 * mean absolute difference of neighbouring frames; 4 x bins values in that order.
 *
 * @throws Error for an empty spectrogram or NaN.
 * @example
 * const features = describeLogMel(createLogMel()(waveform)); // 320 values for 80 bands
 */
export function describeLogMel({ data, bins, frames }: LogMel): Float32Array {
  const byTime = new Float32Array(data.length); // (T, F)
  for (let f = 0; f < bins; f++) for (let t = 0; t < frames; t++) byTime[t * bins + f] = data[f * frames + t]!;
  const pooled = poolFrames({ data: byTime, rows: frames, dims: bins }, 'mean+std+max');
  const statistics = new Float32Array(4 * bins);
  statistics.set(pooled);
  for (let f = 0; f < bins; f++) {
    let sum = 0;
    for (let t = 1; t < frames; t++) sum += Math.abs(data[f * frames + t]! - data[f * frames + t - 1]!);
    statistics[3 * bins + f] = frames > 1 ? sum / (frames - 1) : 0;
  }
  return statistics;
}
