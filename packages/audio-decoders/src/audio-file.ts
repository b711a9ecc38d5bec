/** Bytes that can be read anywhere, at once. */
export interface ByteReader {
  /** Bytes in all. */
  readonly size: number;
  /** Fills `target` with the bytes from `position` on; returns how many there were, fewer at the end alone. */
  read(position: number, target: Uint8Array): number;
  /** Frees what is behind it. */
  close?(): void;
}

/** Where a sound comes from: bytes in memory, or anything that can be read in parts. A `Blob` is read in parts in a worker, and whole elsewhere. */
export type AudioSource = Uint8Array | ArrayBuffer | Blob | ByteReader;

/** How a sound is read. */
export interface OpenAudioOptions {
  /**
   * What becomes of a truncated or damaged sound: `'refuse'` (the default) throws, with the seconds that are missing;
   * `'keep'` gives what could be read, and says in {@link AudioFile.damage} what is missing.
   */
  readonly damaged?: 'refuse' | 'keep';
}

/** An open sound; parts of it are read without decoding the whole. */
export interface AudioFile {
  /** Samples per second and channel, in Hz. */
  readonly sampleRate: number;
  /** Number of channels. */
  readonly channels: number;
  /** Samples of each channel; `undefined` when only decoding to the end would tell. */
  readonly frames: number | undefined;
  /** Container and coding, for people: `WAV (16-bit PCM)`, `FLAC`, `MP4 (AAC)`. */
  readonly format: string;
  /** What was missing or damaged in what has been read so far, in words; only with `damaged: 'keep'`. */
  readonly damage: string | undefined;
  /**
   * The samples `start` to `start + count - 1` of each channel, full scale at ±1; fewer where the sound ends, none behind
   * its end. The arrays belong to the caller. One call at a time.
   */
  read(start: number, count: number): Promise<Float32Array[]>;
  /** Frees its memory and closes what it opened. Twice is as good as once. */
  close(): void;
}
