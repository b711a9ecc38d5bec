import type { Spectrogram } from '@audio-ssl/audio-frontend';

/**
 * The first frames that a crop of `frames` may have so that at most the share `maxSilence` of it is digital silence;
 * where no crop is that loud, those with the least silence. A frame is digital silence when all its bins are equal: the
 * spectrum of zeros, whatever the front end adds before the logarithm.
 */
export function cropStarts(spectrogram: Spectrogram, frames: number, maxSilence: number): number[] {
  const { data, bins, frames: length } = spectrogram;
  const silentBefore = new Uint32Array(length + 1);
  for (let t = 0; t < length; t++) {
    let silent = 1;
    for (let bin = 1; bin < bins && silent === 1; bin++) if (data[bin * length + t] !== data[t]) silent = 0;
    silentBefore[t + 1] = silentBefore[t]! + silent;
  }
  const silence = Array.from(
    { length: length - frames + 1 },
    (_, start) => silentBefore[start + frames]! - silentBefore[start]!,
  );
  const least = silence.reduce((a, b) => Math.min(a, b));
  const allowed = Math.max(least, maxSilence * frames);
  return silence.flatMap((count, start) => (count <= allowed ? [start] : []));
}
