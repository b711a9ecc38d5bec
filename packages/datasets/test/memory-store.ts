import type { Spectrogram } from '@audio-ssl/audio-frontend';

import { SkippedClipError, type LogMelStore, type Skipped } from '../src/index.js';

/** A store of spectrograms that are there already, several where a clip is cut; `undefined` stands for a clip that cannot be used. */
export function memoryStore(
  spectrograms: readonly (Spectrogram | readonly Spectrogram[] | undefined)[],
): LogMelStore & { readonly loads: number[] } {
  const clips = spectrograms.map((_, index) => ({ id: String(index), path: `${index}.wav` }));
  const skipped: Skipped[] = [];
  const loads: number[] = [];
  const partsOf = (index: number): readonly Spectrogram[] => {
    const found = spectrograms[index];
    if (found) return 'data' in found ? [found] : found;
    if (!skipped.some(({ path }) => path === `${index}.wav`))
      skipped.push({ path: `${index}.wav`, reason: 'damaged', cause: 'damaged' });
    throw new SkippedClipError(`${index}.wav`, 'damaged', 'damaged');
  };
  return {
    clips,
    skipped,
    notices: [],
    noticesOf: () => [],
    loads,
    pieces: async (index) => partsOf(index).map(({ frames }) => frames),
    async load(index, piece = 0) {
      loads.push(index);
      return partsOf(index)[piece]!;
    },
    prepareAll: () => Promise.reject(new Error('not in this test')),
    close: async () => undefined,
  };
}

/** The first pieces of clips. */
export const first = (...clips: readonly number[]): { clip: number; piece: number }[] =>
  clips.map((clip) => ({ clip, piece: 0 }));

/** A spectrogram whose value tells where it comes from: 1000 * clip + 100 * bin + frame. */
export const numbered = (clip: number, bins: number, frames: number): Spectrogram => ({
  bins,
  frames,
  data: Float32Array.from(
    { length: bins * frames },
    (_, i) => 1000 * clip + 100 * Math.floor(i / frames) + (i % frames),
  ),
});
