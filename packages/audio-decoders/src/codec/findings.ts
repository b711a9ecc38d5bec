import { AudioError, type AudioProblem } from '../audio-error.js';
import { truncation } from '../truncation.js';

/**
 * Says that something is wrong: throws where damage is refused, notes it where it is kept. `place` tells it from the same at
 * another place, and is counted once, however often it is passed: a sample, or a position in the file with a word before
 * it. Without one the message is its place.
 */
export type Report = (problem: 'truncated' | 'damaged', message: string, place?: number | string) => void;

/** Messages that are kept, and places that are told from one another: a long file can be damaged at each of its packets. */
const MOST_MESSAGES = 3;
const MOST_PLACES = 10_000;

/** What was found to be wrong with a sound while it is read. */
export class Findings {
  /** Container and coding, as soon as they are known. */
  format: string | undefined;
  readonly #messages = new Map<string, number>(); // and how often each came
  readonly #places = new Set<number | string>();
  #more = 0; // places with other messages
  #truncated = false;

  constructor(readonly damaged: 'refuse' | 'keep') {}

  readonly report: Report = (problem, message, place = message) => {
    if (this.damaged === 'refuse') throw this.error(problem, message);
    // What is missing at the end is found last, and says most.
    const isFirstCut = problem === 'truncated' && !this.#truncated;
    if (this.#places.has(place) || (this.#places.size >= MOST_PLACES && !isFirstCut)) return;
    this.#places.add(place);
    this.#truncated ||= problem === 'truncated';
    const times = this.#messages.get(message) ?? 0;
    if (times > 0 || isFirstCut || this.#messages.size < MOST_MESSAGES) this.#messages.set(message, times + 1);
    else this.#more++;
  };

  /** The error that says so. */
  error(problem: AudioProblem, message: string): AudioError {
    const isSpoilt = problem === 'truncated' || problem === 'damaged';
    const advice =
      this.damaged === 'keep'
        ? 'nothing can be read of it: fetch it again'
        : 'fetch it again, or take what can be read with `damaged` keep';
    const next = isSpoilt ? `; ${advice}` : '';
    const kind = this.format ? ` (${this.format})` : '';
    return new AudioError(`openAudio: the file${kind} is ${problem}: ${message}${next}`, problem, this.format);
  }

  /**
   * Says that another stream begins at a place, which cannot be read as one with what stands before it: refused, or noted
   * as left out.
   */
  leaveOut(stream: string, place: string, format: string): void {
    if (this.damaged === 'keep') {
      this.report('damaged', `at ${place}, another stream begins, which is left out: ${stream}`);
      return;
    }
    throw new AudioError(
      `openAudio: expected one sound in the file, got another stream at ${place}: ${stream}; split the file there, or read what stands before with \`damaged\` keep`,
      'unsupported',
      format,
    );
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

  /** The first messages in words, and how many places more; `undefined` when nothing was wrong. */
  get text(): string | undefined {
    if (this.#messages.size === 0) return undefined;
    const words = [...this.#messages].map(([message, times]) => (times > 1 ? `${message} (${times} times)` : message));
    const atLeast = this.#places.size >= MOST_PLACES ? 'at least ' : '';
    if (this.#more > 0) words.push(`and ${atLeast}${this.#more} more ${this.#more === 1 ? 'place' : 'places'}`);
    return words.join('; ');
  }
}

/** `3.2 s of 10.0 s are missing`, of frames. */
export function missing(frames: number, total: number, sampleRate: number): string {
  return truncation({ missing: frames / sampleRate, total: total / sampleRate });
}
