/** What a usable sound is suspected of. */
export type SoundNoticeKind =
  /** The power of the mean of the channels is 20 dB or more below the mean power of the channels. */
  | 'channels cancel'
  /** Integers stored as floats: all samples are whole numbers and reach beyond 1, or they reach beyond 16. */
  | 'integer scale'
  /** All samples are 0. */
  | 'silent'
  /** All samples are equal, and not 0. */
  | 'constant'
  /** Truncated or damaged, and used all the same (`damaged: 'keep'`). */
  | 'damaged'
  /** Read by the system's `ffmpeg`. */
  | 'through ffmpeg';

/** Something about a usable sound that its owner should know. */
export interface SoundNotice {
  /** The sound's file. */
  readonly path: string;
  /** What it is, to count by. */
  readonly kind: SoundNoticeKind;
  /** What was found, without the path: `all samples are 0`. */
  readonly message: string;
  /** What to do, the same for all of the kind. */
  readonly next?: string;
}
