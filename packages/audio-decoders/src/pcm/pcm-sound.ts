import type { ByteReader } from '../audio-file.js';
import type { Coding } from './coding.js';

/** What the header of a PCM container says. */
export interface PcmSound {
  /** Name of the container: `WAV`. */
  readonly container: string;
  /** Samples per second and channel. */
  readonly sampleRate: number;
  /** Number of channels. */
  readonly channels: number;
  /** How the samples are coded. */
  readonly coding: Coding;
  /** Where the samples start, in bytes. */
  readonly start: number;
  /** Bytes of samples; Infinity where the header leaves it open, and they go on to the end of the file. */
  readonly length: number;
  /** Frames, where the header counts them apart from the bytes. */
  readonly frames?: number | undefined;
}

/** Sound in a PCM container that is coded otherwise. */
export interface CodedSound {
  /** Name of the container: `WAV`. */
  readonly container: string;
  /** What reads the coded sound. */
  readonly coded: ByteReader;
  /** Name of the coding, `MP3`; without one the decoder tells. */
  readonly name?: string;
}
