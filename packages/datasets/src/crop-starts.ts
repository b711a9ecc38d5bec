import type { Spectrogram } from '@audio-ssl/audio-frontend';

/** The first frames that a crop may have, in order. */
export interface CropStarts {
  /** How many there are, 1 or more. */
  readonly count: number;
  /** The one in this place, from 0. */
  at(place: number): number;
}

/** What was found for a spectrogram, as long as somebody holds it: a draw costs the same however long it is. */
const found = new WeakMap<Spectrogram, { readonly key: string; readonly starts: CropStarts }>();

/**
 * The first frames that a crop of `frames` may have so that at most the share `maxSilence` of it is digital silence;
 * where no crop is that loud, those with the least silence. A frame is digital silence when all its bins are equal: the
 * spectrum of zeros, whatever the front end adds before the logarithm.
 */
export function cropStarts(spectrogram: Spectrogram, frames: number, maxSilence: number): CropStarts {
  const key = `${frames} ${maxSilence}`;
  const known = found.get(spectrogram);
  if (known?.key === key) return known.starts;
  const starts = searchStarts(spectrogram, frames, maxSilence);
  found.set(spectrogram, { key, starts });
  return starts;
}

function searchStarts(spectrogram: Spectrogram, frames: number, maxSilence: number): CropStarts {
  const silent = silentFrames(spectrogram);
  const count = spectrogram.frames - frames + 1;
  const silence = new Uint32Array(count);
  let inside = 0;
  for (let t = 0; t < frames; t++) inside += silent[t]!;
  silence[0] = inside;
  for (let start = 1; start < count; start++) {
    inside += silent[start + frames - 1]! - silent[start - 1]!;
    silence[start] = inside;
  }
  const least = silence.reduce((a, b) => Math.min(a, b));
  const allowed = Math.max(least, maxSilence * frames);
  if (silence.every((frames) => frames <= allowed)) return { count, at: (place) => place };
  const starts = Uint32Array.from(silence.keys()).filter((start) => silence[start]! <= allowed);
  return { count: starts.length, at: (place) => starts[place]! };
}

/** 1 for every frame that is digital silence. */
function silentFrames({ data, bins, frames }: Spectrogram): Uint8Array {
  const silent = new Uint8Array(frames);
  for (let t = 0; t < frames; t++) {
    let equal = true;
    for (let bin = 1; bin < bins && equal; bin++) equal = data[bin * frames + t] === data[t];
    silent[t] = equal ? 1 : 0;
  }
  return silent;
}
