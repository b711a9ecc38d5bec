/** What is wrong with a sound, in one word. */
export type AudioProblem =
  /** No bytes, or no samples. */
  | 'empty'
  /** No sound in a format that is known: a web page, an archive, noise. */
  | 'not audio'
  /** Sound in a coding that cannot be read here, such as HE-AAC or encrypted sound. */
  | 'unsupported'
  /** Samples that the file declares are missing at its end. */
  | 'truncated'
  /** The content contradicts itself or a checksum. */
  | 'damaged'
  /** It asks for more than it can hold, or than memory has. */
  | 'too large';

/**
 * Why a sound cannot be read. The message says what was expected, what came and what to do.
 *
 * @example
 * if (error instanceof AudioError && error.problem === 'unsupported') console.log(`convert it: ${error.format}`);
 */
export class AudioError extends Error {
  override readonly name = 'AudioError';
  constructor(
    message: string,
    /** What is wrong, for counting. */
    readonly problem: AudioProblem,
    /** Container and coding as far as they are known, such as `WAV (Microsoft ADPCM)`. */
    readonly format?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
