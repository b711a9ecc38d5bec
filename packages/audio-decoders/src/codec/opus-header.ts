import type { ModuleSetup } from './decoder-instance.js';
import { wavOrder } from './channel-order.js';

/**
 * Samples decoded before a place. After 80 ms (RFC 7845, section 4.6) the ear hears no difference; until the last bit is
 * the same as in decoding from the start, it takes longer.
 */
export const OPUS_PREROLL = 48_000;

/** What the header of Opus says (RFC 7845, section 5.1), in Ogg, Matroska and CAF. */
export interface OpusHeader {
  readonly codec: ModuleSetup;
  /** Samples that the decoder needs to settle, at 48 kHz. */
  readonly preSkip: number;
  /** What is not read of it, in words. */
  readonly refused: string | undefined;
}

/** Reads the bytes of OpusHead; in MP4 (`dOps`) they lack the name and numbers are the other way around. */
export function readOpusHeader(bytes: Uint8Array, bigEndian = false): OpusHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const from = bigEndian ? 0 : 8;
  const channels = view.getUint8(from + 1);
  const family = view.getUint8(from + 10);
  // The gain as a factor, streams, coupled streams, and where each channel comes from.
  const setup = new Uint8Array(6 + channels);
  new DataView(setup.buffer).setFloat32(0, 10 ** (view.getInt16(from + 8, !bigEndian) / 256 / 20), true);
  if (family === 0) {
    setup.set(channels === 1 ? [1, 0, 0] : [1, 1, 0, 1], 4);
  } else {
    const mapping = bytes.subarray(from + 13, from + 13 + channels);
    const order = family === 1 ? wavOrder(channels) : [...mapping.keys()];
    setup.set([view.getUint8(from + 11), view.getUint8(from + 12), ...order.map((place) => mapping[place]!)], 4);
  }
  const refused =
    channels === 0 || (family === 0 && channels > 2) || (family === 1 && channels > 8)
      ? `Opus with ${channels} channels of family ${family}`
      : family !== 0 && family !== 1 && family !== 2 && family !== 255
        ? `Opus with channels of family ${family}`
        : undefined;
  return {
    codec: { codec: 'opus', sampleRate: 48_000, channels, setup },
    preSkip: view.getUint16(from + 2, !bigEndian),
    refused,
  };
}

/** Samples at 48 kHz of a packet (RFC 6716, section 3.1); 0 when it is none. */
export function opusFrames(packet: Uint8Array): number {
  const toc = packet[0];
  if (toc === undefined) return 0;
  const config = toc >> 3;
  const frame =
    config < 12 ? [480, 960, 1920, 2880][config & 3]! : config < 16 ? [480, 960][config & 1]! : 120 << (config & 3);
  const code = toc & 3;
  const count = code === 0 ? 1 : code < 3 ? 2 : (packet[1] ?? 0) & 63;
  return frame * count;
}
