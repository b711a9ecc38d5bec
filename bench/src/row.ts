/** Names for `--only`. */
export const benchmarks = ['step', 'extract', 'logmel', 'scale', 'loader', 'start'] as const;

export type Benchmark = (typeof benchmarks)[number];

/** One row of the benchmark before it is measured: what runs, on what, by which program. */
export interface Row {
  readonly benchmark: Benchmark;
  readonly implementation: string;
  readonly size: string;
  readonly batch: number;
  readonly precision: 'float32' | 'bf16';
  /** Frames of a clip, or the sample rate of a waveform. */
  readonly frames?: number;
  readonly sampleRate?: number;
}
