import { createPooler } from './create-pooler.js';

/** A log-mel spectrogram: row-major (bins, frames). */
export interface LogMel {
  /** `bins * frames` values. */
  readonly data: Float32Array;
  /** Mel bands. */
  readonly bins: number;
  /** Frames in time. */
  readonly frames: number;
}

/** Describes a log-mel that comes piece by piece, in memory for one frame. */
export interface LogMelDescriber {
  /**
   * Adds the frames that follow those before; they are not kept.
   *
   * @throws Error for an empty piece, another number of bands than before, or NaN.
   */
  push(piece: LogMel): void;
  /**
   * What {@link describeLogMel} makes of all frames so far.
   *
   * @throws Error before the first frame.
   */
  result(): Float32Array;
}

/**
 * Hand-made features to compare a model with: per mel band the mean, standard deviation and maximum over time and the
 * mean absolute difference of neighbouring frames; 4 x bins values in that order.
 *
 * @throws Error for an empty spectrogram or NaN.
 * @example
 * const features = describeLogMel(createLogMel()(waveform)); // 320 values for 80 bands
 */
export function describeLogMel(logMel: LogMel): Float32Array {
  const describer = createLogMelDescriber('describeLogMel');
  describer.push(logMel);
  return describer.result();
}

/**
 * {@link describeLogMel} for a log-mel of any length, piece by piece; equal to it up to the rounding of double precision.
 *
 * @param caller names the function in its errors
 * @example
 * const describer = createLogMelDescriber();
 * for (const piece of pieces) describer.push(piece);
 * const features = describer.result(); // 320 values for 80 bands
 */
export function createLogMelDescriber(caller = 'createLogMelDescriber'): LogMelDescriber {
  const pooler = createPooler(caller);
  let count = 0;
  let last = new Float32Array(); // the frame before
  let changes = new Float64Array();
  return {
    push({ data, bins, frames }) {
      const byTime = new Float32Array(data.length); // (T, F)
      for (let f = 0; f < bins; f++) for (let t = 0; t < frames; t++) byTime[t * bins + f] = data[f * frames + t]!;
      pooler.push({ data: byTime, rows: frames, dims: bins });
      if (count === 0) changes = new Float64Array(bins);
      for (let f = 0; f < bins; f++) {
        let before = count === 0 ? byTime[f]! : last[f]!;
        for (let t = 0; t < frames; t++) {
          const value = data[f * frames + t]!;
          changes[f]! += Math.abs(value - before);
          before = value;
        }
      }
      last = byTime.slice(-bins);
      count += frames;
    },
    result() {
      const pooled = pooler.result('mean+std+max');
      const statistics = new Float32Array(pooled.length + changes.length);
      statistics.set(pooled);
      statistics.set(
        changes.map((sum) => sum / Math.max(1, count - 1)),
        pooled.length,
      );
      return statistics;
    },
  };
}
