import type { ByteWindow } from './byte-window.js';
import type { CodecSetup } from './decoder-instance.js';
import type { Demuxer, Packet } from './demuxer.js';
import { type Element, elements, readElement, readFloat, readSigned, readUnsigned, readVint } from './ebml.js';
import { type Findings, missing } from './findings.js';
import { blockFrames } from './matroska-blocks.js';
import { type MatroskaTrack, readMatroskaTrack } from './matroska-track.js';

const ID = {
  docType: 0x4282,
  segment: 0x18538067,
  info: 0x1549a966,
  scale: 0x2ad7b1,
  duration: 0x4489,
  tracks: 0x1654ae6b,
  track: 0xae,
  cluster: 0x1f43b675,
  simpleBlock: 0xa3,
  group: 0xa0,
  block: 0xa1,
  discard: 0x75a2,
  time: 0xe7,
} as const;

/** Elements that stand in a segment: where one of them comes, a cluster of unknown size is over. */
const TOP = new Set<number>([
  ID.cluster,
  ID.info,
  ID.tracks,
  0x1c53bb6b,
  0x114d9b74,
  0x1254c367,
  0x1941a469,
  0x1043a770,
]);

/** A file of up to this size is gone through once to count its samples. */
const COUNTED = 2 ** 24;

/** A place is kept every so many packets. */
const STEP = 64;

interface Place {
  readonly position: number;
  readonly index: number;
  readonly sample: number;
  /** Of Vorbis: size of the block before. */
  readonly previous: number | undefined;
}

/** A Matroska or WebM file (RFC 9559). Its clock is too coarse for samples, so those of all packets are counted. */
export class MatroskaDemuxer implements Demuxer {
  readonly codec: CodecSetup;
  readonly frames: number | undefined;
  readonly #track: MatroskaTrack;
  readonly #segment: Element;
  readonly #places: Place[];
  #queue: Packet[] = [];
  #position: number;
  #index = 0; // packets passed
  #sample: number; // at which the next one begins
  #fresh = false;
  #silent = false; // while it counts
  #trailing = 0;
  #lost = false; // blocks, since the last one
  #scale = 1e6; // nanoseconds of a unit of time
  #length = 0; // samples of the last packet

  constructor(
    readonly file: ByteWindow,
    readonly findings: Findings,
  ) {
    const header = readElement(file, 0, file.size);
    if (!header) throw findings.error('damaged', 'its header is none of EBML');
    let webm = false;
    for (const element of elements(file, header)) {
      if (element.id === ID.docType)
        webm = file.text(element.start, Math.min(16, element.end - element.start)).startsWith('webm');
    }
    findings.format = webm ? 'WebM' : 'Matroska';
    const segment = readElement(file, header.end, file.size);
    if (segment?.id !== ID.segment) throw findings.error('truncated', 'it ends within its header');
    this.#segment = segment;
    const { track, first, seconds } = this.#readHead();
    this.#track = track;
    this.codec = track.codec;
    this.#position = first;
    this.#sample = -track.delay;
    this.#places = [{ position: first, index: 0, sample: this.#sample, previous: undefined }];
    if (file.size <= COUNTED) this.frames = this.#count();
    if (!segment.open && segment.end > file.size) {
      const total = Math.round(seconds * this.codec.sampleRate);
      const there = this.frames ?? 0;
      const text =
        this.frames !== undefined && total > there
          ? missing(total - there, total, this.codec.sampleRate)
          : `${segment.end - file.size} bytes are missing`;
      findings.report('truncated', text);
    }
  }

  next(): Packet | undefined {
    while (this.#queue.length === 0) {
      if (!this.#readBlock()) return undefined;
    }
    return this.#queue.shift();
  }

  seek(sample: number): void {
    this.#goTo(this.#placeBefore((place) => place.sample <= sample));
    const recent: Place[] = [];
    this.#silent = true;
    for (;;) {
      recent.push(this.#here());
      if (!this.#readBlock() || this.#sample > sample) break;
      this.#queue = [];
    }
    this.#silent = false;
    const { packets, frames } = this.#track.preroll;
    const target = recent.at(-1)!;
    const enough = (place: Place): boolean =>
      place.index <= Math.max(0, target.index - packets) && place.sample <= target.sample - frames;
    const from = recent.reverse().find(enough) ?? this.#placeBefore(enough);
    this.#goTo(from);
    this.#fresh = true;
  }

  #placeBefore(holds: (place: Place) => boolean): Place {
    let [low, high] = [0, this.#places.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (holds(this.#places[middle]!)) low = middle;
      else high = middle;
    }
    return this.#places[low]!;
  }

  #here(): Place {
    const previous = this.#track.blocks?.previous;
    return { position: this.#position, index: this.#index, sample: this.#sample, previous };
  }

  #goTo(place: Place): void {
    this.#queue = [];
    this.#position = place.position;
    this.#index = place.index;
    this.#sample = place.sample;
    if (this.#track.blocks) this.#track.blocks.previous = place.previous;
    this.#trailing = 0;
    this.#lost = false;
  }

  #readHead(): { readonly track: MatroskaTrack; readonly first: number; readonly seconds: number } {
    const { file, findings } = this;
    let track: MatroskaTrack | undefined;
    let [scale, duration, others] = [1e6, 0, 0];
    for (const element of elements(file, this.#segment)) {
      if (element.id === ID.info) {
        for (const detail of elements(file, element)) {
          if (detail.id === ID.scale) scale = this.#scale = readUnsigned(file, detail);
          else if (detail.id === ID.duration) duration = readFloat(file, detail);
        }
      } else if (element.id === ID.tracks) {
        for (const entry of elements(file, element)) {
          if (entry.id !== ID.track) continue;
          track ??= readMatroskaTrack(file, entry, findings);
          if (!track) others++;
        }
      } else if (element.id === ID.cluster) {
        if (!track) break;
        const first = element.start;
        return { track, first, seconds: (duration * scale) / 1e9 };
      }
    }
    if (track)
      throw findings.error(this.#segment.end > file.size ? 'truncated' : 'empty', 'it has no cluster with sound');
    if (others > 0) throw findings.unsupported('video without sound');
    throw findings.error('truncated', 'it ends before its table of tracks');
  }

  #count(): number {
    this.#silent = true;
    while (this.#readBlock()) this.#queue = [];
    this.#silent = false;
    const total = Math.max(0, this.#sample - this.#trailing);
    this.#goTo(this.#places[0]!);
    return total;
  }

  /** Puts the packets of the next block of the track into the queue. */
  #readBlock(): boolean {
    const end = Math.min(this.#segment.end, this.file.size);
    while (this.#position < end) {
      const element = readElement(this.file, this.#position, end);
      if (!element) {
        if (!this.#resync('there are bytes that are no element')) return false;
        continue;
      }
      if (element.id === ID.cluster) {
        this.#position = element.start; // its content is gone through as if it stood here
        continue;
      }
      if (element.id === ID.time && this.#lost) this.#place(readUnsigned(this.file, element));
      if (element.end > this.file.size || (element.open && !TOP.has(element.id))) {
        if (element.id === ID.simpleBlock || element.id === ID.group) {
          if (!this.#silent)
            this.findings.report('truncated', 'it ends within a block; how much is missing is not known');
          this.#position = end;
          return false;
        }
        if (!this.#resync('an element is larger than the file')) return false;
        continue;
      }
      this.#position = element.end;
      if (element.id === ID.simpleBlock) {
        if (this.#take(this.file.bytes(element.start, element.end - element.start), 0)) return true;
      } else if (element.id === ID.group) {
        if (this.#takeGroup(element)) return true;
      }
    }
    return false;
  }

  #takeGroup(group: Element): boolean {
    let block: Uint8Array | undefined;
    let discard = 0;
    for (const element of elements(this.file, group)) {
      if (element.id === ID.block) block = this.file.bytes(element.start, element.end - element.start);
      else if (element.id === ID.discard) discard = readSigned(this.file, element);
    }
    return block !== undefined && this.#take(block, Math.round((Math.max(0, discard) * this.codec.sampleRate) / 1e9));
  }

  #take(block: Uint8Array, discard: number): boolean {
    const number = readVint(block, 0);
    if (number && number.value !== this.#track.number) return false;
    const laced = blockFrames(block);
    if (!laced) {
      if (!this.#silent)
        this.findings.report(
          'damaged',
          `behind ${(this.#sample / this.codec.sampleRate).toFixed(2)} s a block contradicts itself`,
        );
      return false;
    }
    const before = this.#places.at(-1)!;
    laced.frames.forEach((frame, i) => {
      const bytes = this.#track.stripped.length === 0 ? frame : joined(this.#track.stripped, frame);
      const length = this.#track.frames(bytes);
      const last = i === laced.frames.length - 1;
      const frames = Math.max(0, length - (last ? discard : 0));
      this.#queue.push({ bytes, start: this.#sample, frames, fresh: this.#fresh && this.#track.blocks !== undefined });
      this.#fresh = false;
      this.#sample += length;
      this.#length = length;
      this.#index++;
    });
    this.#trailing = discard;
    if (this.#index >= before.index + STEP) this.#places.push(this.#here());
    return true;
  }

  /** Leaves out as many packets as were lost, by the time of a cluster. */
  #place(time: number): void {
    this.#lost = false;
    const sample = Math.round((time * this.#scale * this.codec.sampleRate) / 1e9) - this.#track.delay;
    if (this.#length > 0)
      this.#sample += Math.max(0, Math.round((sample - this.#sample) / this.#length)) * this.#length;
  }

  /** Goes on at the next cluster. */
  #resync(what: string): boolean {
    if (!this.#silent)
      this.findings.report(
        'damaged',
        `behind ${(Math.max(0, this.#sample) / this.codec.sampleRate).toFixed(2)} s ${what}`,
      );
    const end = Math.min(this.#segment.end, this.file.size);
    const step = 1 << 15;
    for (let at = this.#position + 1; at < end; at += step) {
      const bytes = this.file.bytes(at, step + 3);
      for (let i = bytes.indexOf(0x1f); i >= 0 && i < step; i = bytes.indexOf(0x1f, i + 1)) {
        if (bytes[i + 1] !== 0x43 || bytes[i + 2] !== 0xb6 || bytes[i + 3] !== 0x75) continue;
        this.#position = at + i;
        this.#lost = true;
        this.#fresh = true;
        if (this.#track.blocks) this.#track.blocks.previous = undefined;
        return true;
      }
    }
    this.#position = end;
    return false;
  }
}

function joined(start: Uint8Array, rest: Uint8Array): Uint8Array {
  const whole = new Uint8Array(start.length + rest.length);
  whole.set(start);
  whole.set(rest, start.length);
  return whole;
}
