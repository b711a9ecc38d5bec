import type { Coding } from './coding.js';
import { clip16 } from './ima-step.js';

/** Weights of the two samples before, times 256; a file may bring others behind these. */
export const MS_ADPCM_WEIGHTS: readonly (readonly [number, number])[] = [
  [256, 0],
  [512, -256],
  [0, 0],
  [192, 64],
  [240, 0],
  [460, -208],
  [392, -232],
];

/** What the step is multiplied with after each code, times 256. */
const ADAPTATION = [230, 230, 230, 230, 307, 409, 512, 614, 768, 614, 512, 409, 307, 230, 230, 230];

/**
 * Microsoft ADPCM (Microsoft, Multimedia Standards Update 1994): each block starts with, for each channel, the number of its
 * weights, its step and its first two samples, the second one first; codes of four bits follow, high ones first, channels
 * in turn.
 *
 * The prediction is rounded towards zero, as the standard says and ffmpeg does; decoders that shift (sox, libsndfile) round
 * down, and come out up to a few units of 16 bits lower.
 */
export function msAdpcmCoding(blockBytes: number, channels: number, weights = MS_ADPCM_WEIGHTS): Coding {
  const headers = 7 * channels;
  const framesIn = (bytes: number): number =>
    bytes < headers ? 0 : 2 + Math.floor((2 * (bytes - headers)) / channels);
  const blockFrames = framesIn(blockBytes);
  return {
    name: 'Microsoft ADPCM',
    blockBytes,
    blockFrames,
    framesIn: (bytes) => Math.floor(bytes / blockBytes) * blockFrames + framesIn(bytes % blockBytes),
    decode(bytes, blocks, out, at) {
      for (let block = 0; block < blocks; block++) {
        for (let c = 0; c < channels; c++)
          decodeChannel(bytes, block * blockBytes, c, out[c]!, at + block * blockFrames);
      }
    },
  };

  function decodeChannel(bytes: Uint8Array, from: number, c: number, out: Float32Array, at: number): void {
    const int16 = (place: number): number => {
      const low = from + channels + 2 * (place * channels + c);
      return ((bytes[low]! | (bytes[low + 1]! << 8)) << 16) >> 16;
    };
    const [newer, older] = weights[bytes[from + c]!] ?? weights[0]!;
    let step = int16(0);
    let last = int16(1);
    let before = int16(2);
    out[at] = before / 2 ** 15;
    out[at + 1] = last / 2 ** 15;
    for (let i = 2; i < blockFrames; i++) {
      const place = (i - 2) * channels + c;
      const byte = bytes[from + headers + (place >> 1)]!;
      const code = place & 1 ? byte & 15 : byte >> 4;
      const predicted = Math.trunc((last * newer + before * older) / 256);
      before = last;
      last = clip16(predicted + (code & 8 ? code - 16 : code) * step);
      step = Math.max(16, Math.min(MOST_STEP, (ADAPTATION[code]! * step) >> 8));
      out[at + i] = last / 2 ** 15;
    }
  }
}

/** Larger steps come from damage alone, and would overflow. */
const MOST_STEP = 2 ** 21;
