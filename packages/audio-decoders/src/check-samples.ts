import { AudioError } from './audio-error.js';

// Float samples may go beyond full scale, but not so far: one value of 1e38 would set the statistics of a whole data set.
const LARGEST = 1e4;

/** Bits of the integers that programs store as floats without dividing them. */
const DEPTHS = [16, 24, 32];

/**
 * Throws, naming the place of the first one, when a sample is NaN, infinite or beyond ±10000. `start` is the place of the
 * first sample in its recording.
 */
export function checkSamples(channels: readonly Float32Array[], start: number, format: string): void {
  channels.forEach((samples, channel) => {
    let most = 0; // NaN stays in a sum; the largest alone would lose it
    let sum = 0;
    for (let i = 0; i < samples.length; i++) {
      const sample = Math.abs(samples[i]!);
      sum += sample;
      if (sample > most) most = sample;
    }
    if (most <= LARGEST && !Number.isNaN(sum)) return;
    const at = samples.findIndex((sample) => !(Math.abs(sample) <= LARGEST));
    const where = `got ${samples[at]} in channel ${channel} at sample ${start + at} of a file of ${format}`;
    if (!Number.isFinite(samples[at])) {
      const sentence = `openAudio: expected finite samples, ${where}; the recording is damaged, repair or leave it out`;
      throw new AudioError(sentence, 'damaged', format);
    }
    const expected = `openAudio: expected samples within ±${LARGEST}, where full scale is ±1, ${where}`;
    const bits = integerBits(samples, most);
    throw new AudioError(
      bits === undefined
        ? `${expected}; the recording is damaged, repair or leave it out`
        : `${expected}; they look like ${bits}-bit integers stored as floats: divide them by ${2 ** (bits - 1)}, or store them as ${bits}-bit PCM`,
      'damaged',
      format,
    );
  });
}

/**
 * The fewest bits of the integers that the samples look like, `undefined` when they are none: whole numbers, or, as after a
 * gain or a filter, numbers of which most lie beyond full scale.
 */
function integerBits(samples: Float32Array, most: number): number | undefined {
  const beyond = samples.reduce((count, sample) => (Math.abs(sample) > 1 ? count + 1 : count), 0);
  const scaled = 2 * beyond > samples.length || samples.every((sample) => Number.isInteger(sample));
  return scaled ? DEPTHS.find((bits) => most <= 2 ** (bits - 1)) : undefined;
}
