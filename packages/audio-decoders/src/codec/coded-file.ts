import { AudioError } from '../audio-error.js';
import type { AudioFile } from '../audio-file.js';
import { emptyError } from '../truncation.js';
import type { CodecSetup } from './decoder-instance.js';
import type { Demuxer, Packet } from './demuxer.js';
import type { Findings } from './findings.js';
import { NoiseMarks } from './noise-marks.js';
import type { PacketDecoder } from './packet-decoder.js';

/** Samples a channel decoded at once, at most: they stay in the processor's cache until they are copied. */
const BATCH = 1 << 17;

/** Samples of all channels that are decoded at once, and that room is made for on the word of a header. */
const ROOM = 1 << 21;

/** So many packets may decode to nothing before it is called damage. */
const MOST_VAIN = 100_000;

/** A jump forward of less than this many seconds decodes what lies between. */
const NEAR = 0.5;

/** Consecutive samples among those that lie decoded in the module. */
interface Run {
  readonly start: number;
  readonly offset: number;
  frames: number;
}

/** A sound whose packets come from a demuxer and whose samples come from a decoder. */
export class CodedFile implements AudioFile {
  readonly sampleRate: number;
  readonly channels: number;
  readonly format: string;
  #codec: CodecSetup | undefined;
  #runs: Run[] = [];
  #decodedTo = 0; // sample after the last one decoded
  #started = false;
  #ended = false;
  #whole = true; // every packet since the start of the sound was decoded
  #decoded = false; // something
  readonly #noise = new NoiseMarks();

  constructor(
    readonly demuxer: Demuxer,
    readonly decoder: PacketDecoder,
    readonly findings: Findings,
    readonly release: () => void,
  ) {
    this.sampleRate = demuxer.codec.sampleRate;
    this.channels = demuxer.codec.channels;
    this.format = findings.format ?? '';
  }

  get frames(): number | undefined {
    return this.demuxer.frames;
  }

  /** Its samples cannot be absurd, whatever stands in the file. */
  get sane(): boolean {
    const { codec } = this.demuxer;
    return codec.codec !== 'pcm' || !codec.coding.unbounded;
  }

  get damage(): string | undefined {
    return this.findings.text;
  }

  read(start: number, count: number): Promise<Float32Array[]> {
    try {
      return Promise.resolve(this.#read(start, count));
    } catch (error) {
      // What was decoded halfway is of no use to a later call.
      this.#runs = [];
      this.#started = false;
      return Promise.reject(this.findings.named(error) as Error);
    }
  }

  close(): void {
    this.release(); // the source is closed by who opened it
  }

  #read(start: number, count: number): Float32Array[] {
    if (!(start >= 0 && count >= 0)) {
      throw new RangeError(`read: expected start and count of at least 0, got ${start} and ${count}`);
    }
    const total = this.demuxer.frames ?? Infinity;
    const end = Math.min(start + count, total);
    if (end <= start) {
      if (total === 0) this.#sayWhyEmpty();
      return this.#empty();
    }
    this.#goTo(start);
    const room = Math.max(Math.floor(ROOM / this.channels), this.#decodedTo - start);
    let target = this.#allocate(Math.min(end - start, room));
    let at = start;
    for (;;) {
      target = this.#reach(target, Math.min(end, this.#decodedTo) - start, end - start);
      at = this.#copy(target, start, at, end);
      if (at >= end || this.#ended) break;
      this.#decode(at, end);
    }
    // Whoever reads to the end wants to know whether anything is wrong with it.
    if (at >= total && !this.#ended) this.#end();
    const length = Math.max(0, Math.min(at, end) - start);
    return target.map((samples) => (samples.length === length ? samples : samples.slice(0, length)));
  }

  /** Goes through a sound without samples to its end, where damage is told; without any it is an empty recording. */
  #sayWhyEmpty(): void {
    while (!this.#ended) this.#end();
    if (this.findings.text === undefined) throw emptyError(this.format);
  }

  #empty(): Float32Array[] {
    return Array.from({ length: this.channels }, () => new Float32Array(0));
  }

  #allocate(length: number): Float32Array[] {
    try {
      return Array.from({ length: this.channels }, () => new Float32Array(length));
    } catch (cause) {
      throw new AudioError(
        `read: expected room for ${length} samples in each of ${this.channels} channels, got: ${(cause as Error).message}; read the sound in parts`,
        'too large',
        this.format,
        { cause },
      );
    }
  }

  /** Makes room for `length` samples; at most `most` will be needed. Room is not taken on the word of a header alone. */
  #reach(target: Float32Array[], length: number, most: number): Float32Array[] {
    const have = target[0]!.length;
    if (length <= have) return target;
    const larger = this.#allocate(Math.min(most, Math.max(length, 2 * have)));
    larger.forEach((samples, channel) => samples.set(target[channel]!));
    return larger;
  }

  #goTo(start: number): void {
    const first = this.#runs[0]?.start ?? this.#decodedTo;
    const near = start >= first && start <= this.#decodedTo + NEAR * this.sampleRate;
    if (this.#started && near && (!this.#ended || start < this.#decodedTo)) return;
    const fromTheStart = start === 0 && !this.#started && this.#codec === undefined;
    this.#runs = [];
    this.#ended = false;
    this.#decodedTo = start;
    if (!fromTheStart) {
      // A sum over all samples is of no more use, and costs time.
      this.#whole = false;
      this.#open(false);
      this.demuxer.seek(this.demuxer.codec.codec === 'aac' ? this.#noise.jump(start) : start);
    }
    this.#started = true;
  }

  #open(verify: boolean): void {
    this.#codec = this.demuxer.codec;
    this.decoder.open(this.#codec, verify);
  }

  /** Copies what is decoded of samples `at` to `end`; returns how far it got. Places without a packet stay silent. */
  #copy(target: readonly Float32Array[], start: number, at: number, end: number): number {
    for (const run of this.#runs) {
      const from = Math.max(at, run.start);
      const to = Math.min(end, run.start + run.frames);
      if (to <= from) continue;
      for (let channel = 0; channel < this.channels; channel++) {
        const samples = this.decoder.plane(channel, run.offset + from - run.start, to - from);
        target[channel]!.set(samples, from - start);
      }
    }
    return Math.max(at, Math.min(end, this.#decodedTo));
  }

  /** Decodes the next packets; those that end before sample `at` only make ready for it. */
  #decode(at: number, end: number): void {
    this.decoder.clear();
    this.#runs = [];
    let offset = 0;
    const enough = Math.min(BATCH, Math.floor(ROOM / this.channels), end - at);
    for (let vain = 0; offset < enough; vain++) {
      const packet = vain < MOST_VAIN ? this.demuxer.next() : undefined;
      if (!packet) {
        if (vain === MOST_VAIN) this.findings.report('damaged', `there is no sound in ${vain} packets`);
        return this.#finish();
      }
      if (this.#codec !== this.demuxer.codec) this.#open(this.#whole && this.#codec === undefined);
      else if (packet.fresh) this.decoder.reset();
      if (this.#codec!.codec === 'aac') {
        const noise = this.#noise.before(packet.start, this.decoder.noise);
        if (noise !== undefined) this.decoder.noise = noise;
      }
      const got = this.#decodePacket(packet, at);
      if (got === 0 && this.decoder.broken) {
        this.#ended = true;
        return;
      }
      // Nothing before is wanted any more, be it that it makes ready, or the delay of a stream chained to another.
      const from = Math.max(packet.start, this.#decodedTo);
      const frames = packet.unheard ? 0 : packet.start + Math.min(got, packet.frames) - from;
      if (frames > 0) {
        const last = this.#runs.at(-1);
        const begin = offset + from - packet.start;
        if (last && last.start + last.frames === from && last.offset + last.frames === begin) last.frames += frames;
        else this.#runs.push({ start: from, offset: begin, frames });
      } else if (this.#runs.length === 0) {
        this.decoder.clear();
        continue;
      }
      offset += got;
      if (!packet.unheard) this.#decodedTo = Math.max(this.#decodedTo, packet.start + packet.frames);
    }
  }

  /** The samples decoded, 0 when the packet is damaged and that is taken. */
  #decodePacket({ bytes, start, frames, unheard = false }: Packet, at: number): number {
    const warmUp = unheard || start + frames <= at;
    let got: number;
    try {
      if (bytes instanceof Uint8Array) {
        this.decoder.input(bytes.length).set(bytes);
        got = this.decoder.decode(0, bytes.length);
      } else {
        got = this.decoder.decode(bytes.at, bytes.size);
      }
    } catch (error) {
      if (!(error instanceof AudioError)) throw error;
      // What a decoder does not know in the middle of a sound is no other coding but damage.
      if (error.problem === 'unsupported' && !this.#decoded) throw nameUnsupported(error, this.findings);
      if (error.problem !== 'damaged' && error.problem !== 'unsupported') throw error;
      this.#whole = false;
      // Before the place that is read it was to be expected: what the packet builds upon was left out.
      if (!warmUp || this.decoder.broken) {
        const seconds = (Math.max(0, start) / this.sampleRate).toFixed(1);
        this.findings.report('damaged', `a packet at ${seconds} s cannot be decoded: ${error.message}`, start);
      }
      return 0;
    }
    this.#decoded ||= got > 0;
    if (got < frames && !warmUp) {
      this.findings.report('damaged', `a packet holds ${got} samples in place of ${frames}`, start);
    }
    return got;
  }

  #end(): void {
    if (!this.demuxer.next()) this.#finish();
  }

  #finish(): void {
    this.#ended = true;
    if (this.#whole && this.findings.text === undefined && this.decoder.verified() === false) {
      this.findings.report('damaged', 'the samples do not have the MD5 that the header declares');
    }
  }
}

/** The error for a part of a coding that the module does not decode. */
export function nameUnsupported(error: AudioError, findings: Findings): AudioError {
  if (/spectral band replication/.test(error.message)) return findings.unsupported('HE-AAC');
  return findings.unsupported(`${findings.format ?? 'a coding'} with parts that are not read here (${error.message})`);
}
