import { alacFrames } from './alac-packet.js';
import type { ByteWindow } from './byte-window.js';
import type { CodecSetup } from './decoder-instance.js';
import type { Demuxer, Packet } from './demuxer.js';
import { type Findings, missing } from './findings.js';
import { type Box, boxes, findBox } from './mp4-boxes.js';
import { readSampleEntry, type SampleEntry } from './mp4-entry.js';
import { flacPacketFrames } from './flac-packet.js';
import { FragmentSamples, type Mp4Samples, TableSamples } from './mp4-samples.js';
import { readMpegHeader } from './mpeg-frames.js';
import { opusFrames } from './opus-header.js';

/** An MP4, M4A, MOV or 3GP file (ISO/IEC 14496-12 and -14, QuickTime). */
export class Mp4Demuxer implements Demuxer {
  readonly codec: CodecSetup;
  readonly frames: number;
  readonly #samples: Mp4Samples;
  readonly #entry: SampleEntry;
  readonly #scale: number; // samples a unit of the track's clock
  readonly #skip: number; // samples of the track before the sound
  readonly #count: number; // packets that are there and belong to the sound
  readonly #end: number; // sample at which the last packet ends
  #index = 0;

  constructor(
    readonly file: ByteWindow,
    readonly findings: Findings,
  ) {
    findings.format = 'MP4';
    const moov = readMoov(file, findings);
    const { trak, entry: stated } = findTrack(file, moov, findings);
    let samples: Mp4Samples = new TableSamples(file, findBox(file, trak, 'mdia', 'minf', 'stbl')!);
    if (samples.count === 0 && findBox(file, moov, 'mvex')) samples = readFragments(file, moov, trak);
    this.#samples = samples;
    if (samples.count === 0) throw findings.error('empty', 'its track of sound has no packets');
    const entry = stated.codec.codec === 'mp3' ? mpegEntry(stated, file.bytes(samples.at(0).position, 4)) : stated;
    this.#entry = entry;
    this.codec = entry.codec;
    const { sampleRate } = entry.codec;
    this.#scale = sampleRate / timescale(file, findBox(file, trak, 'mdia', 'mdhd'));
    this.#end = this.#endOfLast();
    const edit = readEdit(file, trak);
    this.#skip = edit ? Math.round(edit.mediaTime * this.#scale) : (readITunesDelay(file, moov) ?? entry.delay);
    // A packet that the edit ends in is played to its end, as ffmpeg has it.
    const seconds = (edit?.duration ?? 0) / timescale(file, findBox(file, moov, 'mvhd'));
    const declared = edit?.duration ? this.#packetsBefore(Math.round(seconds * sampleRate)) : samples.count;
    this.#count = this.#packetsThere(declared);
    const total = Math.max(0, this.#startOf(declared));
    if (total === 0) throw findings.error('damaged', 'its edit list leaves nothing of the sound');
    this.frames = Math.max(0, this.#startOf(this.#count));
    if (this.#count < declared) findings.report('truncated', missing(total - this.frames, total, sampleRate));
  }

  next(): Packet | undefined {
    if (this.#index >= this.#count) return undefined;
    const index = this.#index++;
    const { position, size } = this.#samples.at(index);
    const start = this.#startOf(index);
    return { bytes: this.file.bytes(position, size), start, frames: this.#startOf(index + 1) - start };
  }

  seek(sample: number): void {
    const target = Math.max(0, this.#packetsBefore(sample + 1) - 1);
    const { packets, frames } = this.#entry.preroll;
    let from = Math.max(0, target - packets);
    while (from > 0 && this.#startOf(target) - this.#startOf(from) < frames) from--;
    this.#index = from;
  }

  /** Sample at which a packet begins, or the last one ends. */
  #startOf(index: number): number {
    const { packetFrames } = this.#entry;
    // Where packets are of one length, they count better than a clock that may not tick with the samples.
    const start = packetFrames > 0 ? index * packetFrames : Math.round(this.#samples.time(index) * this.#scale);
    return (index === this.#samples.count && index > 0 ? this.#end : start) - this.#skip;
  }

  /** Sample at which the last packet ends, by itself: the clock tells of it what is to be heard, and ffmpeg plays all. */
  #endOfLast(): number {
    const last = this.#samples.count - 1;
    const { position, size } = this.#samples.at(last);
    const { packetFrames } = this.#entry;
    const start = packetFrames > 0 ? last * packetFrames : Math.round(this.#samples.time(last) * this.#scale);
    const packet = this.file.bytes(position, Math.min(size, 32));
    if (this.codec.codec === 'alac') return start + alacFrames(packet, packetFrames);
    if (this.codec.codec === 'opus') return start + opusFrames(packet);
    if (this.codec.codec === 'flac') return start + flacPacketFrames(packet);
    return start + packetFrames;
  }

  /** Packets that begin before a sample. */
  #packetsBefore(sample: number): number {
    let [low, high] = [0, this.#samples.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#startOf(middle) < sample) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Of the first `count` packets, those that lie within the file. In every file that one sees they are in order. */
  #packetsThere(count: number): number {
    const whole = (index: number): boolean => {
      const { position, size } = this.#samples.at(index);
      return position + size <= this.file.size;
    };
    if (count === 0 || whole(count - 1)) return count;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (whole(middle)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Programs state two channels for every MP3, so its first packet is asked. */
function mpegEntry(stated: SampleEntry, packet: Uint8Array): SampleEntry {
  const header = readMpegHeader(packet);
  if (!header || header === 'free') return stated;
  const { layer, sampleRate, channels, frames } = header;
  return { ...stated, codec: { ...stated.codec, codec: `mp${layer}`, sampleRate, channels }, packetFrames: frames };
}

function readMoov(file: ByteWindow, findings: Findings): Box {
  let data = false;
  let end = 0;
  for (const box of boxes(file, 0, file.size)) {
    if (box.kind === 'moov') {
      if (box.end > file.size) throw findings.error('truncated', 'it ends within its table of contents (moov)');
      return box;
    }
    if (box.kind === 'mdat') data = true;
    end = box.end;
  }
  if (data || end > file.size) {
    throw findings.error(
      'truncated',
      'its table of contents (moov), which stands behind the sound, is missing: the recording or the transfer broke off',
    );
  }
  throw findings.error('damaged', 'it has no table of contents (moov)');
}

function findTrack(
  file: ByteWindow,
  moov: Box,
  findings: Findings,
): { readonly trak: Box; readonly entry: SampleEntry } {
  let others = 0;
  for (const trak of boxes(file, moov.start, moov.end)) {
    if (trak.kind !== 'trak') continue;
    const handler = findBox(file, trak, 'mdia', 'hdlr');
    if (!handler || file.text(handler.start + 8, 4) !== 'soun') {
      others++;
      continue;
    }
    const stsd = findBox(file, trak, 'mdia', 'minf', 'stbl', 'stsd');
    if (stsd) return { trak, entry: readSampleEntry(file, stsd, findings) };
  }
  if (others > 0) throw findings.unsupported('video without sound');
  throw findings.error('damaged', 'it has no track');
}

/** Units a second of a header (`mdhd`, `mvhd`) of either version. */
function timescale(file: ByteWindow, box: Box | undefined): number {
  const view = box && file.view(box.start, 24);
  const units = view ? view.getUint32(view.getUint8(0) === 1 ? 20 : 12) : 0;
  if (units === 0) throw new RangeError('an MP4 track without a clock');
  return units;
}

interface Edit {
  /** Units of the track before the sound. */
  readonly mediaTime: number;
  /** Units of the file that it lasts; 0 to the end. */
  readonly duration: number;
}

/** The first edit that is not empty: encoders hide their delay by it. */
function readEdit(file: ByteWindow, trak: Box): Edit | undefined {
  const elst = findBox(file, trak, 'edts', 'elst');
  const head = elst && file.view(elst.start, 8);
  if (!elst || !head) return undefined;
  const wide = head.getUint8(0) === 1;
  const row = wide ? 20 : 12;
  const count = Math.min(head.getUint32(4), 1000);
  const edits: Edit[] = [];
  for (let i = 0; i < count; i++) {
    const view = file.view(elst.start + 8 + i * row, row);
    if (!view) break;
    const number = (at: number): number =>
      wide ? view.getInt32(at) * 2 ** 32 + view.getUint32(at + 4) : view.getInt32(at);
    const mediaTime = number(wide ? 8 : 4);
    if (mediaTime >= 0) edits.push({ mediaTime, duration: wide ? number(0) : view.getUint32(0) });
  }
  // Of several, the first one's end is not that of the sound.
  const [first] = edits;
  return first && edits.length > 1 ? { ...first, duration: 0 } : first;
}

/** The delay that iTunes writes down, in files without an edit. */
function readITunesDelay(file: ByteWindow, moov: Box): number | undefined {
  const udta = findBox(file, moov, 'udta', 'meta');
  const list = udta && findBox(file, { ...udta, start: udta.start + 4 }, 'ilst');
  if (!list) return undefined;
  for (const item of boxes(file, list.start, list.end)) {
    if (item.kind !== '----') continue;
    const text = file.text(item.start, Math.min(item.end - item.start, 400));
    const numbers = /iTunSMPB[^]*? [0-9A-F]{8} ([0-9A-F]{8}) ([0-9A-F]{8}) ([0-9A-F]{16})/.exec(text);
    if (numbers) return parseInt(numbers[1]!, 16);
  }
  return undefined;
}

function readFragments(file: ByteWindow, moov: Box, trak: Box): FragmentSamples {
  const tkhd = findBox(file, trak, 'tkhd');
  const head = tkhd && file.view(tkhd.start, 24);
  const track = head ? head.getUint32(head.getUint8(0) === 1 ? 20 : 12) : 0;
  const mvex = findBox(file, moov, 'mvex')!;
  for (const trex of boxes(file, mvex.start, mvex.end)) {
    const view = trex.kind === 'trex' ? file.view(trex.start, 24) : undefined;
    if (view?.getUint32(4) === track) {
      return new FragmentSamples(file, track, { duration: view.getUint32(12), size: view.getUint32(16) });
    }
  }
  return new FragmentSamples(file, track, { duration: 0, size: 0 });
}
