/** Resamples between two rates, wherever in a sound: it keeps nothing from one call to the next. */
export interface Resampler {
  /** Outputs that are rounded together. Those from a multiple of it up to another come out the same, bit for bit, whatever is computed beside them. */
  readonly grain: number;
  /** Size of the tables. */
  readonly bytes: number;
  /** The samples that the outputs `first` up to `end`, multiples of the grain, are made of; they may reach before the sound. */
  inputs(first: number, end: number): { readonly start: number; readonly end: number };
  /**
   * Fills `result` with the outputs from `first`, a multiple of the grain, on. `samples` are those of the sound from its
   * sample `start` on; around them is silence.
   *
   * @throws RangeError when one of them is NaN or infinite.
   */
  run(samples: Float32Array, start: number, result: Float32Array, first: number): void;
}
