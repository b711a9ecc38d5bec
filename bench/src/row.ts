/** Names for `--only`. */
export const benchmarks = ['step', 'extract', 'sound', 'scale', 'loader', 'start'] as const;

export type Benchmark = (typeof benchmarks)[number];

/** How a sound is coded. */
export type SoundFormat = 'FLAC' | 'MP3' | 'Vorbis' | 'Opus';

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
  /** Where a sound is read from a file: how that is coded. */
  readonly format?: SoundFormat;
  /** What the time of ours over that of others should be at most. */
  readonly goal?: number;
}
