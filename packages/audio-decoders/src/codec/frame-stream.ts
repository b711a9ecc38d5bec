import { id3Length } from '../sniff/id3-length.js';
import type { ByteWindow } from './byte-window.js';
import type { ModuleSetup } from './decoder-instance.js';
import type { Demuxer, Packet } from './demuxer.js';
import { type Findings, missing } from './findings.js';
import { contentEnd, isPadding } from './tags.js';

/** A frame of a stream that has no container: its header says how long it is. */
export interface StreamFrame {
  /** Bytes. */
  readonly size: number;
  /** Bytes of it that the decoder is not given. */
  readonly skip: number;
  /** Bytes by which a decoder may reach back into this frame from later ones. */
  readonly reservoir: number;
}

/** A kind of such streams. */
export interface FrameFormat {
  readonly codec: ModuleSetup;
  /** Samples a channel of every frame. */
  readonly frameLength: number;
  /** Bytes of a header. */
  readonly headerSize: number;
  /** The frame whose header these bytes are, `undefined` when it is none of this stream. */
  header(bytes: Uint8Array, at: number): StreamFrame | undefined;
  /** Whether the checksum of a frame holds, where it has one. */
  holds?(frame: Uint8Array): boolean;
  /** Bytes that may have to be there from earlier frames, and frames whose samples run into the next. */
  readonly reachBack: { readonly bytes: number; readonly frames: number };
  /** Samples before the sound and behind it. */
  readonly delay: number;
  readonly padding: number;
  /** Frames and bytes from the first frame on that are declared. */
  readonly count?: number | undefined;
  readonly bytes?: number | undefined;
}

/** Headers are counted at once in files up to this size; larger ones have no known length without a header of Xing. */
const COUNTED = 2 ** 24;

/** Bytes behind a declared end that are searched for more frames. */
const AHEAD = 2 ** 16;

/** A place in the index is kept every so many frames. */
const STEP = 64;

/** A stream of frames one after another: MPEG audio or ADTS. */
export class FrameStream implements Demuxer {
  readonly codec: ModuleSetup;
  readonly frames: number | undefined;
  readonly #marks: { readonly index: number; readonly position: number }[]; // in order, at least STEP frames apart
  readonly #end: number;
  readonly #total: number | undefined; // frames that are there
  #position: number;
  #index = 0;

  constructor(
    readonly file: ByteWindow,
    readonly first: number,
    readonly format: FrameFormat,
    readonly findings: Findings,
  ) {
    this.codec = format.codec;
    this.#position = first;
    this.#marks = [{ index: 0, position: first }];
    this.#end = contentEnd(file, first);
    const declared = format.count;
    let total = declared;
    const behind = format.bytes === undefined ? this.#end : first + format.bytes;
    const goesOn = behind < this.#end && this.#hasFrames(behind);
    if (declared === undefined ? this.#end - first <= COUNTED : behind > file.size || goesOn) {
      total = this.#count();
      if (declared !== undefined && total < declared) {
        const { sampleRate } = this.codec;
        findings.report('truncated', this.#missing(declared - total, declared, sampleRate));
        this.frames = this.#samples(total, 0);
      } else if (declared !== undefined && goesOn && total > declared + 1) {
        // Files joined end to end: the header tells of the first one alone.
        this.frames = this.#samples(total, 0);
      } else {
        total = Math.min(total, declared ?? Infinity);
      }
    }
    this.#total = total;
    this.frames ??= total === undefined ? undefined : this.#samples(total, format.padding);
  }

  next(): Packet | undefined {
    if (this.#index === this.#total) return undefined;
    const found = this.#find(this.findings);
    if (!found) {
      if (this.#total !== undefined && this.#index < this.#total) {
        const lost = this.#total - this.#index;
        this.findings.report('truncated', this.#missing(lost, this.#total, this.codec.sampleRate));
      }
      return undefined;
    }
    const bytes = this.file.bytes(this.#position, found.size);
    const start = this.#index * this.format.frameLength - this.format.delay;
    if (this.format.holds?.(bytes) === false) this.findings.report('damaged', 'a frame fails its checksum', start);
    this.#pass(found);
    return { bytes: bytes.subarray(found.skip), start, frames: this.format.frameLength };
  }

  seek(sample: number): void {
    const { frameLength, delay, reachBack } = this.format;
    const target = Math.floor((sample + delay) / frameLength);
    // So many frames hold the bytes to reach back to even when each has but a few.
    const from = Math.max(0, target - reachBack.frames - reachBack.bytes);
    this.#goTo(from);
    const frames: { readonly position: number; readonly index: number; readonly reservoir: number }[] = [];
    while (this.#index < target) {
      const found = this.#find();
      if (!found) break;
      frames.push({ position: this.#position, index: this.#index, reservoir: found.reservoir });
      this.#pass(found);
    }
    let held = 0;
    let back = frames.length - reachBack.frames;
    while (back > 0 && held < reachBack.bytes) held += frames[--back]!.reservoir;
    const begin = frames[Math.max(0, back)];
    if (begin) {
      this.#position = begin.position;
      this.#index = begin.index;
    }
  }

  #missing(lost: number, total: number, sampleRate: number): string {
    return missing(lost * this.format.frameLength, total * this.format.frameLength, sampleRate);
  }

  /** Whether frames follow one another at `position` or a little behind it, where tags may stand. */
  #hasFrames(position: number): boolean {
    return findFrames(this.file, position, Math.min(this.#end, position + AHEAD), this.format, 3) !== undefined;
  }

  #samples(count: number, padding: number): number {
    return Math.max(0, count * this.format.frameLength - this.format.delay - padding);
  }

  /** Goes to a frame by the index, which grows as far as is needed. */
  #goTo(index: number): void {
    let at = Math.min(Math.floor(index / STEP), this.#marks.length - 1);
    while (this.#marks[at]!.index > index) at--;
    this.#index = this.#marks[at]!.index;
    this.#position = this.#marks[at]!.position;
    while (this.#index < index) {
      const found = this.#find();
      if (!found) return;
      this.#pass(found);
    }
  }

  #count(): number {
    for (let found = this.#find(); found; found = this.#find()) this.#pass(found);
    const count = this.#index;
    if (this.format.count === undefined) this.#find(this.findings); // what stands at the end, and is no frame
    this.#index = 0;
    this.#position = this.first;
    return count;
  }

  #pass(frame: StreamFrame): void {
    this.#position += frame.size;
    this.#index++;
    this.#mark();
  }

  #mark(): void {
    if (this.#index >= this.#marks.at(-1)!.index + STEP) {
      this.#marks.push({ index: this.#index, position: this.#position });
    }
  }

  /** The frame at the position, which moves on where something else stands; what is amiss goes to `findings`. */
  #find(findings?: Findings, isBehindTags = false): StreamFrame | undefined {
    const { headerSize } = this.format;
    const frame = this.format.header(this.file.bytes(this.#position, headerSize), 0);
    if (frame && this.#position + frame.size <= this.#end) return frame;
    if (this.#position >= this.#end) return undefined;
    if (frame) {
      // Nothing declares the length, but a frame was begun.
      const another = this.#resync();
      if (another === undefined) {
        if (this.#total === undefined || this.#index >= this.#total)
          findings?.report('truncated', 'the last frame is not whole');
        return undefined;
      }
      return this.#jump(another, findings);
    }
    const tags = isBehindTags ? 0 : id3Length((position, length) => this.file.bytes(position, length), this.#position);
    if (tags > 0) {
      this.#position += tags;
      return this.#find(findings, true);
    }
    const another = this.#resync();
    if (another !== undefined) return this.#jump(another, findings);
    const rest = this.#end - this.#position;
    if (rest < headerSize && this.file.bytes(this.#position, 1)[0] === 0xff) {
      findings?.report('truncated', 'the last frame is not whole');
    } else if (!isPadding(this.file, this.#position, this.#end)) {
      findings?.report('damaged', `the last ${this.#end - this.#position} bytes are no frames`);
    }
    return undefined;
  }

  /** Leaves out what is no frame. Frames are of about one size, so the place in time of the next one is known. */
  #jump(position: number, findings: Findings | undefined): StreamFrame {
    const mean = this.#index === 0 ? 0 : (this.#position - this.first) / this.#index;
    const lost = mean === 0 ? 0 : Math.round((position - this.#position) / mean);
    const seconds = ((this.#index * this.format.frameLength) / this.codec.sampleRate).toFixed(1);
    findings?.report(
      'damaged',
      `at ${seconds} s stand ${position - this.#position} bytes that are no frames`,
      `byte ${this.#position}`,
    );
    this.#index += lost;
    this.#position = position;
    this.#mark();
    return this.format.header(this.file.bytes(position, this.format.headerSize), 0)!;
  }

  #resync(): number | undefined {
    return findFrames(this.file, this.#position + 1, this.#end, this.format, 3);
  }
}

/** The first place from `from` on where `least` frames follow one another, or fewer to the very end. */
export function findFrames(
  file: ByteWindow,
  from: number,
  end: number,
  format: Pick<FrameFormat, 'header' | 'headerSize'>,
  least: number,
): number | undefined {
  const step = 1 << 15;
  for (let at = from; at < end; at += step) {
    const bytes = file.bytes(at, step + format.headerSize);
    for (let i = bytes.indexOf(0xff); i >= 0 && i < step; i = bytes.indexOf(0xff, i + 1)) {
      if (format.header(bytes, i) && follows(file, at + i, end, format, least)) return at + i;
    }
  }
  return undefined;
}

function follows(
  file: ByteWindow,
  from: number,
  end: number,
  format: Pick<FrameFormat, 'header' | 'headerSize'>,
  least: number,
): boolean {
  let at = from;
  for (let count = 0; count < least; count++) {
    if (at === end) return count > 0;
    const frame = format.header(file.bytes(at, format.headerSize), 0);
    if (!frame) return false;
    at += frame.size;
  }
  return at <= end;
}
