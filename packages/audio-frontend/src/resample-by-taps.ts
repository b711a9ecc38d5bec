import { crossingsPerSample, type RateRatio, type Resampler, WIDTH, windowedSinc } from './sinc-kernel.js';

/**
 * Prepares a resampler that sums over the taps of the filter, for any ratio: each of the `new` phases of the output has a
 * filter of its own, and output p + new * j is the sum over k of taps[p * length + k] * samples[starts[p] + k + old * j].
 */
export function createTapResampler(ratio: RateRatio): Resampler {
  const { old, new: rate } = ratio;
  const crossings = crossingsPerSample(ratio);
  const reach = WIDTH / crossings; // in input samples
  const length = Math.floor(2 * reach) + 1;
  // Negative where the filter reaches back before the first sample of the input, which is zero there.
  const starts = Int32Array.from({ length: rate }, (_, phase) => Math.ceil((old * phase) / rate - reach));
  const taps = new Float64Array(rate * length);
  for (let phase = 0; phase < rate; phase++) {
    for (let k = 0; k < length; k++) {
      taps[phase * length + k] = crossings * windowedSinc((starts[phase]! + k - (old * phase) / rate) * crossings);
    }
  }

  return (samples, result) => {
    // Zeros on either side, and in double precision, so that the inner loop neither branches nor converts.
    const before = -starts[0]!;
    const steps = Math.ceil(result.length / rate) + 3; // a block of four may reach past the last output
    const padded = new Float64Array(before + starts[rate - 1]! + steps * old + length);
    padded.set(samples, before);

    for (let phase = 0; phase < rate; phase++) {
      const tap = phase * length;
      // Four outputs of the phase at a time share each tap that is loaded.
      for (let out = phase, at = before + starts[phase]!; out < result.length; out += 4 * rate, at += 4 * old) {
        let [a, b, c, d] = [0, 0, 0, 0];
        for (let k = 0; k < length; k++) {
          const weight = taps[tap + k]!;
          a += weight * padded[at + k]!;
          b += weight * padded[at + k + old]!;
          c += weight * padded[at + k + 2 * old]!;
          d += weight * padded[at + k + 3 * old]!;
        }
        result[out] = a; // an index past the end is ignored by a typed array
        result[out + rate] = b;
        result[out + 2 * rate] = c;
        result[out + 3 * rate] = d;
      }
    }
  };
}
