import { AudioError } from '../audio-error.js';
import type { Coding } from '../pcm/coding.js';
import { decoderModule } from './decoder-module.js';
import { webAssembly, type CompiledModule, type WebAssemblyMemory } from './web-assembly.js';

/** The codings that the module decodes; their numbers are the module's. */
export const CODECS = { mp1: 0, mp2: 1, mp3: 2, flac: 3, vorbis: 4, opus: 5, aac: 6, alac: 7 } as const;

/** What the module must know before the first packet. */
export interface ModuleSetup {
  readonly codec: keyof typeof CODECS;
  /** Samples per second, in Hz. */
  readonly sampleRate: number;
  readonly channels: number;
  /** What the coding keeps in its header: STREAMINFO, the configuration of AAC, the first and third packet of Vorbis. */
  readonly setup: Uint8Array;
}

/** PCM and its kin, in packets of whole blocks; they need no module. */
export interface PcmSetup {
  readonly codec: 'pcm';
  /** Samples per second, in Hz. */
  readonly sampleRate: number;
  readonly channels: number;
  readonly coding: Coding;
}

/** What a decoder must know before the first packet. */
export type CodecSetup = ModuleSetup | PcmSetup;

/** A frame of a FLAC stream, found by its checksums. */
export interface FlacFrame {
  /** Where it lies in the bytes searched. */
  readonly at: number;
  readonly size: number;
  /** Samples a channel. */
  readonly frames: number;
  /** Its number, or that of its first sample. */
  readonly number: number;
  readonly bySample: boolean;
}

interface Exports {
  readonly memory: WebAssemblyMemory;
  input(length: number): number;
  setup(length: number): number;
  open(codec: number, rate: number, channels: number, verify: number): number;
  decode(at: number, length: number): number;
  reset(): void;
  clear(): void;
  noise(): number;
  set_noise(to: number): void;
  plane(channel: number): number;
  verified(): number;
  flac_find(from: number, to: number, last: number): number;
  flac_frame(): number;
  message(): number;
  message_length(): number;
}

/** An instance that grew beyond this is not used again: memory of WebAssembly never shrinks. */
const LARGE = 64 * 2 ** 20;

/** So many idle instances are kept; starting one takes half a millisecond. */
const MOST_IDLE = 4;

const idle: { readonly module: CompiledModule; readonly instance: DecoderInstance }[] = [];

/** A running instance of the module, of a sound of one's own until {@link releaseDecoder}. */
export async function takeDecoder(): Promise<DecoderInstance> {
  const module = await decoderModule();
  const at = idle.findIndex((entry) => entry.module === module);
  if (at >= 0) return idle.splice(at, 1)[0]!.instance;
  return new DecoderInstance(module);
}

/** Gives an instance back. One that trapped or grew large is dropped. */
export function releaseDecoder(instance: DecoderInstance): void {
  if (instance.broken || instance.bytes > LARGE || idle.length >= MOST_IDLE) return;
  idle.push({ module: instance.module, instance });
}

/** The module, with errors in words: a trap, which is a panic in it, costs the instance and is told as a damaged file. */
export class DecoderInstance {
  broken = false;
  readonly #exports: Exports;

  constructor(readonly module: CompiledModule) {
    this.#exports = new webAssembly.Instance(module, {}).exports as Exports;
  }

  /** Memory that it has. */
  get bytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  /** Its input of `length` bytes, valid until the next call of anything; what was there stays. */
  input(length: number): Uint8Array {
    return this.#room((exports) => exports.input(length), length);
  }

  /** Starts a decoder; `verify` sums up what is decoded, for {@link verified}. */
  open({ codec, sampleRate, channels, setup }: ModuleSetup, verify: boolean): void {
    this.#room((exports) => exports.setup(setup.length), setup.length).set(setup);
    const code = this.#run((exports) => exports.open(CODECS[codec], sampleRate, channels, verify ? 1 : 0));
    if (code < 0) throw this.#error(code);
  }

  /** Decodes the packet at `at` of the input behind what was decoded since {@link clear}; samples a channel. */
  decode(at: number, length: number): number {
    const frames = this.#run((exports) => exports.decode(at, length));
    if (frames < 0) throw this.#error(frames);
    return frames;
  }

  /** The next packet does not follow the last one. */
  reset(): void {
    this.#run((exports) => exports.reset());
  }

  /** Forgets the samples decoded so far. */
  clear(): void {
    this.#run((exports) => exports.clear());
  }

  /** The state of the generator that bands of noise in AAC are filled from. */
  get noise(): number {
    return this.#run((exports) => exports.noise());
  }

  set noise(state: number) {
    this.#run((exports) => exports.set_noise(state));
  }

  /** Samples decoded since {@link clear}; valid until the next call. */
  plane(channel: number, from: number, count: number): Float32Array {
    return new Float32Array(this.#exports.memory.buffer, this.#exports.plane(channel) + 4 * from, count);
  }

  /** Whether the MD5 in STREAMINFO is that of all samples decoded; `undefined` where none is declared or summed up. */
  verified(): boolean | undefined {
    const answer = this.#run((exports) => exports.verified());
    return answer < 0 ? undefined : answer === 1;
  }

  /**
   * Looks for a whole FLAC frame in bytes `from` to `to` of the input. `last`: the file ends at `to`. A number: more bytes would tell, and the search goes on there. `undefined`: there is none.
   */
  findFlac(from: number, to: number, last: boolean): FlacFrame | number | undefined {
    const answer = this.#run((exports) => exports.flac_find(from, to, last ? 1 : 0));
    if (answer === 3) {
      throw new AudioError(
        'openAudio: expected FLAC frames, got thousands of headers without one behind them; the file is damaged, fetch it again',
        'damaged',
        'FLAC',
      );
    }
    if (answer === 0) return undefined;
    const [at = 0, size = 0, frames = 0, low = 0, high = 0, bySample] = new Uint32Array(
      this.#exports.memory.buffer,
      this.#exports.flac_frame(),
      6,
    );
    if (answer === 2) return at;
    return { at, size, frames, number: high * 2 ** 32 + low, bySample: bySample === 1 };
  }

  #room(ask: (exports: Exports) => number, length: number): Uint8Array {
    const at = this.#run(ask);
    if (at === 0) {
      throw new AudioError(
        `openAudio: expected packets of at most 32 MB, got one of ${length} bytes; the file is damaged, fetch it again`,
        'too large',
      );
    }
    return new Uint8Array(this.#exports.memory.buffer, at, length);
  }

  #run<T>(call: (exports: Exports) => T): T {
    if (this.broken) throw trapped();
    try {
      return call(this.#exports);
    } catch (cause) {
      this.broken = true;
      throw trapped(cause);
    }
  }

  #error(code: number): AudioError {
    const text = new TextDecoder().decode(
      new Uint8Array(this.#exports.memory.buffer, this.#exports.message(), this.#exports.message_length()),
    );
    return new AudioError(text, code === -2 ? 'unsupported' : 'damaged');
  }
}

function trapped(cause?: unknown): AudioError {
  return new AudioError(
    'openAudio: expected sound, got content on which the decoder gave up; the file is damaged, fetch it again',
    'damaged',
    undefined,
    { cause },
  );
}
