import { AudioError } from '../audio-error.js';
import type { ByteWindow } from './byte-window.js';
import type { DecoderInstance, FlacFrame, ModuleSetup } from './decoder-instance.js';
import type { Demuxer, Packet } from './demuxer.js';
import { type Findings, missing } from './findings.js';
import { contentEnd, isPadding } from './tags.js';

/** The bytes searched for frames: at first, and at most, where one frame is larger. */
const LEAST = 1 << 16;
const MOST = 24 * 2 ** 20;

/** STREAMINFO (RFC 9639, section 8.2). */
export interface StreamInfo {
  readonly codec: ModuleSetup;
  /** Samples a channel; `undefined` where the encoder did not know. */
  readonly frames: number | undefined;
  /** Samples of every frame but the last, where that is fixed and known. */
  readonly blockSize: number | undefined;
}

/** Reads the 34 bytes of STREAMINFO. */
export function readStreamInfo(block: Uint8Array): StreamInfo {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const sampleRate = view.getUint32(10) >>> 12;
  const frames = (view.getUint8(13) & 0x0f) * 2 ** 32 + view.getUint32(14);
  const blockSize = view.getUint16(0) === view.getUint16(2) ? view.getUint16(0) : undefined;
  if (sampleRate === 0) {
    throw new AudioError(
      'openAudio: expected a sample rate in the FLAC header, got 0 Hz; the file is damaged, fetch it again',
      'damaged',
      'FLAC',
    );
  }
  // Some encoders state too small a largest block or frame; the decoder needs them only to reserve room.
  const setup = Uint8Array.from(block.subarray(0, 34));
  setup.set([0, 16, 0xff, 0xff, 0, 0, 0, 0, 0, 0]);
  return {
    codec: { codec: 'flac', sampleRate, channels: ((view.getUint8(12) >> 1) & 7) + 1, setup },
    frames: frames || undefined,
    blockSize,
  };
}

/** A FLAC file (RFC 9639), whose frames are found by their checksums. */
export class FlacDemuxer implements Demuxer {
  readonly codec: ModuleSetup;
  readonly frames: number | undefined;
  readonly #declared: number | undefined;
  readonly #blockSize: number;
  #expected = 0; // position in the file at which the next frame should begin
  readonly #first: number; // where the frames begin in the file
  readonly #end: number;
  #base = 0; // number of the first sample, above 0 in what was cut out of a stream
  #window = 0; // position in the file of the first byte of the input
  #filled = 0; // bytes of the input
  #at = 0; // where the next frame is looked for in the input
  #next = 0; // sample expected next
  #sought = false; // the next frame may be anywhere

  constructor(
    readonly file: ByteWindow,
    start: number,
    end: number | undefined,
    readonly decoder: DecoderInstance,
    readonly findings: Findings,
  ) {
    findings.format = 'FLAC';
    const { info, end: first } = readMetadata(file, start, findings);
    this.codec = info.codec;
    this.#declared = info.frames;
    this.#first = first;
    this.#end = end ?? contentEnd(file, first);
    decoder.open(this.codec, false);
    this.#jump(this.#first);
    const frame = this.#find();
    this.#blockSize = info.blockSize ?? frame?.frames ?? 0;
    if (!frame) {
      if (this.#declared === undefined && isPadding(file, this.#first, this.#end)) {
        throw new AudioError(
          'openAudio: expected samples, got a FLAC file without any; the recording is empty',
          'empty',
          'FLAC',
        );
      }
      if (this.#declared !== undefined) {
        findings.report('truncated', missing(this.#declared, this.#declared, this.codec.sampleRate));
      } else findings.report('damaged', 'no whole frame was found');
      this.frames = 0;
      return;
    }
    this.#base = this.#window + frame.at === this.#first ? this.#number(frame) : 0;
    this.frames = this.#length();
    this.#jump(this.#first);
  }

  next(): Packet | undefined {
    let frame: FlacFrame | undefined;
    let start = 0;
    for (;;) {
      frame = this.#find();
      if (!frame) {
        this.#finish();
        return undefined;
      }
      start = this.#number(frame) - this.#base;
      if (this.#sought || (this.#window + frame.at === this.#expected && start === this.#next)) break;
      this.#reportGap(start);
      if (start >= this.#next) break;
      this.#pass(frame); // it claims to stand before what was read, and would overwrite it
    }
    if (this.frames !== undefined && start >= this.frames) {
      this.findings.report('damaged', `there are frames behind the ${this.frames} samples that the header declares`);
      return undefined;
    }
    this.#sought = false;
    this.#pass(frame);
    this.#next = start + frame.frames;
    const frames = Math.min(frame.frames, (this.frames ?? Infinity) - start);
    return { bytes: { at: frame.at, size: frame.size }, start, frames };
  }

  seek(sample: number): void {
    this.decoder.open(this.codec, false); // another stream's may be, by which frames are told, too
    if (sample === 0) {
      this.#jump(this.#first);
      return;
    }
    // Between `low`, a place with a frame at or before the sample, and `high`, one behind it.
    let low = this.#first;
    let high = this.#end;
    let lowSample = 0;
    let highSample = this.frames;
    while (high - low > LEAST) {
      // By the share of the samples at first, which is near in most recordings, but never close to an edge.
      const share = highSample === undefined ? 0.5 : (sample - lowSample) / Math.max(1, highSample - lowSample);
      const middle = Math.floor(low + (high - low) * Math.min(0.9, Math.max(0.1, share - 0.02)));
      this.#jump(middle);
      const frame = this.#find();
      const at = frame ? this.#window + frame.at : high;
      const start = frame ? this.#number(frame) - this.#base : Infinity;
      if (frame && at < high && start <= sample) {
        low = at;
        lowSample = start;
        if (start + frame.frames > sample) break;
      } else {
        high = middle;
        if (frame && at < this.#end) highSample = Math.min(start, highSample ?? Infinity);
      }
    }
    this.#jump(low);
    this.#next = lowSample;
    this.#sought = true;
  }

  #number(frame: FlacFrame): number {
    return frame.bySample ? frame.number : frame.number * this.#blockSize;
  }

  /** The samples there are, which are fewer than declared when the file was cut; looks at the last frame alone. */
  #length(): number | undefined {
    let frames: number | undefined;
    for (let span = LEAST; ; span *= 4) {
      const from = Math.max(this.#first, this.#end - span);
      this.#jump(from);
      for (let frame = this.#find(); frame; frame = this.#find()) {
        frames = this.#number(frame) - this.#base + frame.frames;
        this.#pass(frame);
      }
      if (frames !== undefined || from === this.#first || span > MOST) break;
    }
    if (this.#declared === undefined) return frames;
    if (frames !== undefined && frames < this.#declared) {
      this.findings.report('truncated', missing(this.#declared - frames, this.#declared, this.codec.sampleRate));
      return frames;
    }
    if (frames !== undefined && frames > this.#declared) {
      // The frames have checksums, the header has none.
      this.findings.report('damaged', `its header declares ${this.#declared} samples, its frames hold ${frames}`);
      return frames;
    }
    return this.#declared;
  }

  #finish(): void {
    const total = this.frames ?? this.#next;
    if (this.#next < total) this.#reportGap(total);
    else if (this.#declared === undefined && !isPadding(this.file, this.#expected, this.#end)) {
      this.findings.report('truncated', 'the last frame is not whole');
    }
  }

  #reportGap(start: number): void {
    const seconds = (value: number): string => (value / this.codec.sampleRate).toFixed(2);
    this.findings.report(
      'damaged',
      `between ${seconds(this.#next)} s and ${seconds(start)} s no frame has the right checksum`,
    );
  }

  #pass(frame: FlacFrame): void {
    this.#at = frame.at + frame.size;
    this.#expected = this.#window + this.#at;
  }

  #jump(position: number): void {
    this.#window = position;
    this.#filled = 0;
    this.#at = 0;
    this.#expected = position;
    this.#sought = true;
    if (position === this.#first) {
      this.#next = 0;
      this.#sought = false;
    }
  }

  /** The next whole frame in the input, which moves on through the file. */
  #find(): FlacFrame | undefined {
    for (;;) {
      const last = this.#window + this.#filled >= this.#end;
      const found = this.#filled > 0 ? this.decoder.findFlac(this.#at, this.#filled, last) : 0;
      if (typeof found !== 'number') return found;
      if (last) return undefined;
      this.#at = found;
      this.#fill();
    }
  }

  /** Drops what was read and adds at least as much as is left. */
  #fill(): void {
    const left = this.#filled - this.#at;
    const length = Math.min(Math.max(LEAST, 2 * left), this.#end - this.#window - this.#at);
    if (length > MOST) {
      throw new AudioError(
        `openAudio: expected FLAC frames of at most ${MOST / 2 ** 20} MB, got none in ${left} bytes; the file is damaged, fetch it again`,
        'damaged',
        'FLAC',
      );
    }
    const input = this.decoder.input(Math.max(this.#filled, length));
    input.copyWithin(0, this.#at, this.#filled);
    this.#window += this.#at;
    this.#at = 0;
    const got = this.file.reader.read(this.#window + left, input.subarray(left, length));
    this.#filled = left + got;
    if (got < length - left) throw new RangeError('the file is shorter than it was');
  }
}

/** Goes over the blocks of metadata without reading them: pictures of many megabytes are none of our business. */
export function readMetadata(
  file: ByteWindow,
  start: number,
  findings: Findings,
): { readonly info: StreamInfo; readonly end: number } {
  let at = start + 4;
  let info: StreamInfo | undefined;
  for (;;) {
    const header = file.view(at, 4);
    if (!header) throw findings.error('truncated', 'it ends within its header');
    const length = header.getUint32(0) & 0xffffff;
    const kind = header.getUint8(0) & 0x7f;
    if (kind === 0 && !info) {
      if (length < 34) throw findings.error('damaged', `its STREAMINFO has ${length} bytes in place of 34`);
      const block = file.bytes(at + 4, 34);
      if (block.length < 34) throw findings.error('truncated', 'it ends within its header');
      info = readStreamInfo(block);
    }
    at += 4 + length;
    if (header.getUint8(0) & 0x80) break;
  }
  if (at > file.size) throw findings.error('truncated', 'it ends within its header');
  if (!info) throw findings.error('damaged', 'it has no STREAMINFO');
  return { info, end: at };
}
