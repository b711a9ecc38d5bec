import type { Coding } from './coding.js';
import { clip16, IMA_STEPS, nextImaStep } from './ima-step.js';

/**
 * IMA ADPCM as WAV holds it (Microsoft, Multimedia Standards Update 1994): each block starts with the first sample of each
 * channel and an index into the steps, four bytes; codes of four bits follow, eight a channel in turn.
 *
 * The difference of a code is ((2 code + 1) step) >> 3, as ffmpeg takes it. Decoders that add up shifted steps (sox,
 * libsndfile) come out up to a few units of 16 bits lower.
 */
export function imaCoding(blockBytes: number, channels: number): Coding {
  const headers = 4 * channels;
  const framesIn = (bytes: number): number => (bytes < headers ? 0 : 1 + 8 * Math.floor((bytes - headers) / headers));
  const blockFrames = framesIn(blockBytes);
  return {
    name: 'IMA ADPCM',
    blockBytes,
    blockFrames,
    framesIn: (bytes) => Math.floor(bytes / blockBytes) * blockFrames + framesIn(bytes % blockBytes),
    decode(bytes, blocks, out, at) {
      for (let block = 0; block < blocks; block++) {
        for (let c = 0; c < channels; c++) {
          decodeChannel(bytes, block * blockBytes + 4 * c, headers, blockFrames, out[c]!, at + block * blockFrames);
        }
      }
    },
  };
}

/** Decodes one channel of a block whose header stands at `from`; its codes come each `stride` bytes, four bytes of them. */
function decodeChannel(
  bytes: Uint8Array,
  from: number,
  stride: number,
  frames: number,
  out: Float32Array,
  at: number,
): void {
  let sample = ((bytes[from]! | (bytes[from + 1]! << 8)) << 16) >> 16;
  let index = Math.min(IMA_STEPS.length - 1, bytes[from + 2]!);
  out[at] = sample / 2 ** 15;
  for (let i = 1; i < frames; i++) {
    const n = i - 1; // of the code
    const byte = bytes[from + stride * (1 + (n >> 3)) + ((n & 7) >> 1)]!;
    const code = n & 1 ? byte >> 4 : byte & 15;
    const difference = ((2 * (code & 7) + 1) * IMA_STEPS[index]!) >> 3;
    sample = clip16(code & 8 ? sample - difference : sample + difference);
    index = nextImaStep(index, code);
    out[at + i] = sample / 2 ** 15;
  }
}
