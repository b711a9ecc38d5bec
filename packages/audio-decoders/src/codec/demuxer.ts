import type { CodecSetup } from './decoder-instance.js';

/** A coded packet and its place in the sound. */
export interface Packet {
  /** Its bytes, or where they lie in the input of the decoder. */
  readonly bytes: Uint8Array | { readonly at: number; readonly size: number };
  /** Sample of the sound at which what it decodes to begins; below 0 where encoders put their delay. */
  readonly start: number;
  /** Samples a channel that it stands for; what decodes beyond them is cut off. */
  readonly frames: number;
  /** It does not follow the packet before it. */
  readonly fresh?: boolean;
  /** It makes ready for the next one, and nothing of it belongs to the sound. */
  readonly unheard?: boolean;
}

/** A container, taken apart into packets. */
export interface Demuxer {
  /** What decodes the packets; another one from one packet to the next where streams are chained. */
  readonly codec: CodecSetup;
  /** Samples a channel of the sound; `undefined` when only decoding tells. */
  readonly frames: number | undefined;
  /** The next packet, `undefined` at the end. Packets that are missing are jumped over: the next one says where it belongs. */
  next(): Packet | undefined;
  /**
   * Goes to where decoding must begin so that sample `sample` comes out right: some packets before it, whose samples
   * may be wrong themselves.
   */
  seek(sample: number): void;
}
