import { AudioError } from './audio-error.js';

// Float samples may go beyond full scale, but not so far: one value of 1e38 would set the statistics of a whole data set.
const LARGEST = 1e4;

/** The scale of 16-bit integers. */
const INTEGERS = 32768;

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
    throw new AudioError(
      most <= INTEGERS
        ? `${expected}; they look like 16-bit integers stored as floats: divide them by ${INTEGERS}, or store them as 16-bit PCM`
        : `${expected}; the recording is damaged, repair or leave it out`,
      'damaged',
      format,
    );
  });
}
