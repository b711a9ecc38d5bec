import {
  createLogMelWindows,
  mixToMono,
  type AudioData,
  type LogMelOptions,
  type Spectrogram,
} from '@audio-ssl/audio-frontend';

/** A sound that comes block by block: from a microphone, a socket, a decoder. */
export interface SoundStream {
  /** Samples per second and channel, in Hz. */
  readonly sampleRate: number;
  /** The samples in order, block by block of any lengths: those of each channel, full scale at ±1. Read once. */
  readonly blocks: AsyncIterable<readonly Float32Array[]>;
}

/** A mono waveform at the front end's sample rate, audio of any rate and number of channels, as `decodeAudio` gives, or a stream of it. */
export type Sound = Float32Array | AudioData | SoundStream;

/** What {@link soundStream} reads: what `openAudio` of `@audio-ssl/audio-decoders` gives, or anything like it. */
export interface ReadableSound {
  /** Samples per second and channel, in Hz. */
  readonly sampleRate: number;
  /** The samples `start` to `start + count - 1` of each channel, fewer where the sound ends, none behind its end. */
  read(start: number, count: number): Promise<readonly Float32Array[]>;
}

/** Seconds of an open sound that are read at once. */
const SECONDS = 10;

/**
 * An open sound as a stream, which is read as the stream is.
 *
 * @param file stays open: the caller closes it
 * @example
 * const file = await openAudioFile('three-hours.mp3'); // of '@audio-ssl/audio-decoders/node'
 * for await (const { data, frames } of extract.stream(soundStream(file))) await write(data, frames);
 * file.close();
 */
export function soundStream(file: ReadableSound): SoundStream {
  const { sampleRate } = file;
  return { sampleRate, blocks: blocksOf(file, Math.ceil(SECONDS * sampleRate)) };
}

async function* blocksOf(file: ReadableSound, count: number): AsyncGenerator<readonly Float32Array[]> {
  for (let at = 0; ;) {
    const block = await file.read(at, count);
    const { length } = block[0] ?? [];
    if (length === 0) return;
    yield block;
    at += length;
  }
}

/** Whether a sound comes block by block. */
export const isStream = (sound: Sound): sound is SoundStream => 'blocks' in sound;

/** A sound as a stream of it. */
export function asStream(sound: Sound, sampleRate: number): SoundStream {
  if (isStream(sound)) return sound;
  const audio = sound instanceof Float32Array ? { channels: [sound], sampleRate } : sound;
  return { sampleRate: audio.sampleRate, blocks: secondsOf(audio) };
}

async function* secondsOf({ channels, sampleRate }: AudioData): AsyncGenerator<readonly Float32Array[]> {
  const second = Math.ceil(sampleRate);
  for (let at = 0; at < (channels[0]?.length ?? 0); at += second)
    yield channels.map((channel) => channel.subarray(at, at + second));
}

/**
 * The log-mel of a stream in pieces of `frames` frames and a rest: side by side they are the log-mel of the whole sound.
 * Holds the samples of one piece.
 *
 * @param frames Infinity for a single piece
 * @throws Error for a stream without a sample, or whose number of channels changes
 */
export async function* logMelPieces(
  { sampleRate, blocks }: SoundStream,
  frames: number,
  logMel: LogMelOptions,
): AsyncGenerator<Spectrogram> {
  const windows = createLogMelWindows(sampleRate, { ...logMel, fillShort: true });
  const samples = createSampleBuffer();
  let channels: number | undefined;
  let first = 0; // frame
  const piece = (count: number): Spectrogram => {
    const { start, end } = windows.span(first, count);
    const made = windows.at(samples.slice(start, end), first, count, samples.end);
    first += count;
    samples.forget(windows.span(first, 1).start);
    return made;
  };
  for await (const block of blocks) {
    channels ??= block.length;
    if (block.length !== channels)
      throw new Error(`extract: expected blocks of ${channels} channels, as before, got one of ${block.length}`);
    samples.push(mixToMono({ channels: [...block], sampleRate }));
    // A piece whose samples are all there is what it will be when the sound has ended.
    while (frames < Infinity && windows.span(first, frames).end <= samples.end) yield piece(frames);
  }
  if (samples.end === 0) throw new Error('extract: expected a sound of one sample or more, got none');
  const all = windows.frames(samples.end);
  while (first < all) yield piece(Math.min(frames, all - first));
}

/** The newest samples of a stream, by their places in the whole. */
function createSampleBuffer() {
  let held = new Float32Array(2 ** 16);
  let from = 0; // the first that is held
  let end = 0; // behind the last
  return {
    /** Samples that came so far. */
    get end(): number {
      return end;
    },
    push(block: Float32Array): void {
      const size = end - from + block.length;
      if (size > held.length) {
        const larger = new Float32Array(Math.max(size, 2 * held.length));
        larger.set(held.subarray(0, end - from));
        held = larger;
      }
      held.set(block, end - from);
      end += block.length;
    },
    slice: (start: number, until: number): Float32Array => held.slice(start - from, Math.min(until, end) - from),
    /** Gives up what lies before `start`. */
    forget(start: number): void {
      const left = Math.min(Math.max(start, from), end);
      held.copyWithin(0, left - from, end - from);
      from = left;
    },
  };
}
