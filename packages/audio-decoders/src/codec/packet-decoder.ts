import type { CodecSetup } from './decoder-instance.js';

/** What turns packets into samples, which pile up until they are cleared. */
export interface PacketDecoder {
  /** It cannot be used any more. */
  readonly broken: boolean;
  /** The state of the generator that bands of noise in AAC are filled from. */
  noise: number;
  /** Starts on a coding; `verify` sums up what is decoded, for {@link verified}. */
  open(codec: CodecSetup, verify: boolean): void;
  /** Its input of `length` bytes, valid until the next call. */
  input(length: number): Uint8Array;
  /** Decodes the packet at `at` of the input; samples a channel. */
  decode(at: number, length: number): number;
  /** The next packet does not follow the last one. */
  reset(): void;
  /** Forgets the samples decoded so far. */
  clear(): void;
  /** Samples decoded since {@link clear}; valid until the next call. */
  plane(channel: number, from: number, count: number): Float32Array;
  /** Whether the samples are those that the header sums up; `undefined` where it does not. */
  verified(): boolean | undefined;
}
