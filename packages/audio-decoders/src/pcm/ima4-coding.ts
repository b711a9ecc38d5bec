import type { Coding } from './coding.js';
import { clip16, IMA_STEPS, nextImaStep } from './ima-step.js';

const PACKET = 34; // bytes of one channel: two of header, 64 codes
const FRAMES = 64;

/**
 * IMA ADPCM as AIFF-C and CAF hold it (`ima4`, Apple's QuickTime File Format): packets of 64 samples, each channel in turn.
 *
 * A packet's header gives the last sample only to 9 bits. Where it agrees with the sample that came before, that one goes
 * on, as ffmpeg does: so a packet needs what came before it.
 */
export function ima4Coding(channels: number): Coding {
  const state = new Int32Array(2 * channels); // of each channel: its last sample; its index into the steps, plus 1
  const blockBytes = PACKET * channels;
  return {
    name: 'IMA ADPCM (ima4)',
    blockBytes,
    blockFrames: FRAMES,
    framesIn: (bytes) => Math.floor(bytes / blockBytes) * FRAMES,
    state,
    decode(bytes, blocks, out, at) {
      for (let packet = 0; packet < blocks * channels; packet++) {
        const c = packet % channels;
        const from = packet * PACKET;
        const header = (((bytes[from]! << 8) | bytes[from + 1]!) << 16) >> 16;
        const [sample, index] = [header & ~127, Math.min(IMA_STEPS.length - 1, header & 127)];
        if (index + 1 !== state[2 * c + 1] || Math.abs(sample - state[2 * c]!) > 127) state[2 * c] = sample;
        state[2 * c + 1] = index + 1;
        decodePacket(bytes, from + 2, c, out[c]!, at + Math.floor(packet / channels) * FRAMES);
      }
    },
  };

  function decodePacket(bytes: Uint8Array, from: number, c: number, out: Float32Array, at: number): void {
    let sample = state[2 * c]!;
    let index = state[2 * c + 1]! - 1;
    for (let i = 0; i < FRAMES; i++) {
      const byte = bytes[from + (i >> 1)]!;
      const code = i & 1 ? byte >> 4 : byte & 15;
      const step = IMA_STEPS[index]!;
      const difference = (step >> 3) + (code & 4 ? step : 0) + (code & 2 ? step >> 1 : 0) + (code & 1 ? step >> 2 : 0);
      sample = clip16(code & 8 ? sample - difference : sample + difference);
      index = nextImaStep(index, code);
      out[at + i] = sample / 2 ** 15;
    }
    state[2 * c] = sample;
    state[2 * c + 1] = index + 1;
  }
}
