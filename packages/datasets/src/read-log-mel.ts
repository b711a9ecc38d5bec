import type { LogMelWindows, Spectrogram } from '@audio-ssl/audio-frontend';

import type { MonoReader } from './mono-reader.js';
import { UnusableSound } from './skip-reason.js';

/** Frames that are computed at once: 20 s of the usual front ends, so that a piece of any length takes the samples of these. */
const STRETCH = 2000;

/** Bytes of the largest log-mel: nine hours of the usual front ends. */
const LARGEST = 2 ** 30;

/**
 * The log-mel of `count` frames from `first` on of a sound of `total` samples; the very numbers of the whole sound's.
 * `undefined` where the sound ends before `total`.
 */
export async function readLogMel(
  reader: MonoReader,
  windows: LogMelWindows,
  { first, count, total, bins }: Record<'first' | 'count' | 'total' | 'bins', number>,
): Promise<Spectrogram | undefined> {
  if (4 * bins * count > LARGEST) {
    throw new UnusableSound(
      `its log-mel of ${count} frames takes ${((4 * bins * count) / 2 ** 30).toFixed(1)} GiB, more than the 1 GiB that a piece may have; cut it into pieces (\`segmentFrames\`)`,
      'too long for one piece',
    );
  }
  const stretch = async (from: number, frames: number): Promise<Spectrogram | undefined> => {
    const span = windows.span(from, frames);
    const end = Math.min(span.end, total);
    const samples = await reader.read(span.start, end);
    return samples.length === end - span.start ? windows.at(samples, from, frames, total) : undefined;
  };
  if (count <= STRETCH) return stretch(first, count);
  const data = new Float32Array(bins * count);
  for (let done = 0; done < count; done += STRETCH) {
    const part = await stretch(first + done, Math.min(STRETCH, count - done));
    if (!part) return undefined;
    for (let bin = 0; bin < bins; bin++) {
      data.set(part.data.subarray(bin * part.frames, (bin + 1) * part.frames), bin * count + done);
    }
  }
  return { data, bins, frames: count };
}
