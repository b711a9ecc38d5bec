import type { Spectrogram } from '@audio-ssl/audio-frontend';

import { SkippedClipError, type LogMelStore, type Skipped } from '../src/index.js';

/** A store of spectrograms that are there already; `undefined` stands for a clip that cannot be used. */
export function memoryStore(
  spectrograms: readonly (Spectrogram | undefined)[],
): LogMelStore & { readonly loads: number[] } {
  const clips = spectrograms.map((_, index) => ({ id: String(index), path: `${index}.wav` }));
  const skipped: Skipped[] = [];
  const loads: number[] = [];
  return {
    clips,
    skipped,
    loads,
    async load(index) {
      loads.push(index);
      const spectrogram = spectrograms[index];
      if (spectrogram) return spectrogram;
      if (!skipped.some(({ path }) => path === `${index}.wav`))
        skipped.push({ path: `${index}.wav`, reason: 'damaged' });
      throw new SkippedClipError(`${index}.wav`, 'damaged');
    },
    prepareAll: async () => ({ kept: [...clips.keys()].filter((index) => spectrograms[index]), skipped }),
    close: async () => undefined,
  };
}

/** A spectrogram whose value tells where it comes from: 1000 * clip + 100 * bin + frame. */
export const numbered = (clip: number, bins: number, frames: number): Spectrogram => ({
  bins,
  frames,
  data: Float32Array.from(
    { length: bins * frames },
    (_, i) => 1000 * clip + 100 * Math.floor(i / frames) + (i % frames),
  ),
});
