import { AudioError, type AudioProblem } from '../audio-error.js';

/** Says that something is wrong: throws where damage is refused, notes it where it is kept. */
export type Report = (problem: 'truncated' | 'damaged', message: string) => void;

/** What was found to be wrong with a sound while it is read. */
export class Findings {
  /** Container and coding, as soon as they are known. */
  format: string | undefined;
  readonly #messages = new Map<string, number>();

  constructor(readonly damaged: 'refuse' | 'keep') {}

  readonly report: Report = (problem, message) => {
    if (this.damaged === 'refuse') throw this.error(problem, message);
    this.#messages.set(message, (this.#messages.get(message) ?? 0) + 1);
  };

  /** The error that says so. */
  error(problem: AudioProblem, message: string): AudioError {
    const next =
      problem === 'truncated' || problem === 'damaged'
        ? "; fetch it again, or take what can be read with damaged: 'keep'"
        : '';
    const kind = this.format ? ` (${this.format})` : '';
    return new AudioError(`openAudio: the file${kind} is ${problem}: ${message}${next}`, problem, this.format);
  }

  /** The error that refuses a coding by its name. */
  unsupported(name: string): AudioError {
    const container = this.format?.split(' ')[0];
    const format = container && !name.includes(container) ? `${container} (${name})` : name;
    return new AudioError(
      `openAudio: expected MP3, AAC-LC, ALAC, FLAC, Vorbis or Opus, got ${format}; convert it to FLAC or WAV`,
      'unsupported',
      format,
    );
  }

  /** An error with the format, where it has none. */
  named(error: unknown): unknown {
    if (!(error instanceof AudioError) || error.format !== undefined || this.format === undefined) return error;
    return new AudioError(error.message, error.problem, this.format, { cause: error.cause });
  }

  /** All in words, `undefined` when nothing was wrong. */
  get text(): string | undefined {
    if (this.#messages.size === 0) return undefined;
    return [...this.#messages]
      .map(([message, times]) => (times > 1 ? `${message} (${times} times)` : message))
      .join('; ');
  }
}

/** `3.2 s of 10.0 s are missing`. */
export function missing(frames: number, total: number, sampleRate: number): string {
  const seconds = (count: number): string => {
    const value = count / sampleRate;
    return `${value.toFixed(value < 0.1 ? 4 : value < 100 ? 1 : 0)} s`;
  };
  return `${seconds(frames)} of ${seconds(total)} are missing`;
}
