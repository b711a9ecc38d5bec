/** Decoded audio: one array of samples per channel, all of one length, full scale at ±1. */
export interface AudioData {
  /** The samples of each channel. */
  readonly channels: readonly Float32Array[];
  /** Samples per second and channel, in Hz. */
  readonly sampleRate: number;
}
