import { alacFrames } from './alac-packet.js';
import type { ByteWindow } from './byte-window.js';
import type { ModuleSetup } from './decoder-instance.js';
import type { Demuxer, Packet } from './demuxer.js';
import { type Findings, missing } from './findings.js';
import { flacPacketFrames } from './flac-packet.js';
import type { SampleEntry } from './mp4-entry.js';
import type { Mp4Samples } from './mp4-samples.js';
import type { Mp4Track } from './mp4-track.js';
import { readMpegHeader } from './mpeg-frames.js';
import { opusFrames } from './opus-header.js';

/** Packets that are played one behind the other. */
interface Span {
  /** The first one of which something is heard, and the one behind the last. */
  readonly from: number;
  readonly to: number;
  /** From samples of the track to those of the sound. */
  readonly shift: number;
}

/** An MP4 file of packets of a coding. */
export class Mp4Demuxer implements Demuxer {
  readonly codec: ModuleSetup;
  readonly frames: number;
  readonly #samples: Mp4Samples;
  readonly #entry: SampleEntry;
  readonly #scale: number; // samples a unit of the track's clock
  readonly #spans: Span[] = [];
  readonly #end: number; // sample of the track at which the last packet ends
  #span = 0;
  #index = 0;
  #fresh = false;

  constructor(
    readonly file: ByteWindow,
    { entry: stated, samples, timescale, edits, delay }: Mp4Track,
    codec: ModuleSetup,
    readonly findings: Findings,
  ) {
    this.#samples = samples;
    const head = codec.codec === 'mp3' ? file.bytes(samples.at(0).position, 4) : undefined;
    const { codec: setup, packetFrames } = head ? mpegSetup(codec, stated, head) : { ...stated, codec };
    this.#entry = { ...stated, packetFrames };
    this.codec = setup;
    const { sampleRate } = setup;
    this.#scale = sampleRate / timescale;
    this.#end = this.#endOfLast();
    const whole = { mediaTime: (delay ?? stated.delay) / this.#scale, seconds: undefined };
    let [start, total, there] = [0, 0, this.#packetsThere(samples.count)];
    for (const { mediaTime, seconds } of edits.length > 0 ? edits : [whole]) {
      if (mediaTime === undefined) {
        start += Math.round((seconds ?? 0) * sampleRate);
        continue;
      }
      const isFirst = this.#spans.length === 0;
      // What a coder puts in front is left out by an edit at the very beginning, too, as ffmpeg has it.
      const media = Math.round(mediaTime * this.#scale);
      const skip = media || (isFirst ? stated.delay : 0);
      // A packet that an edit ends in is played to its end; and of one that an edit but the first begins in, nothing, as ffmpeg has it.
      const to = seconds === undefined ? samples.count : this.#packetsBefore(media + Math.round(seconds * sampleRate));
      const from = isFirst ? Math.max(0, this.#packetsBefore(skip + 1) - 1) : this.#packetsBefore(skip);
      if (from >= to && !isFirst) continue;
      const begin = isFirst ? skip : this.#startOf(from);
      total += Math.max(0, this.#startOf(to) - begin);
      const end = Math.max(from, Math.min(to, there));
      this.#spans.push({ from, to: end, shift: start - begin });
      start = Math.max(start, this.#startOf(end) + start - begin);
    }
    if (total === 0) throw findings.error('damaged', 'its edit list leaves nothing of the sound');
    const last = this.#spans.at(-1)!;
    this.frames = Math.max(0, this.#startOf(last.to) + last.shift);
    const heard = this.#spans.reduce((sum, span, i) => sum + this.#framesOf(span, i), 0);
    if (heard < total) findings.report('truncated', missing(total - heard, total, sampleRate));
    this.#enter(0, 0);
  }

  next(): Packet | undefined {
    if (this.#index >= this.#spans[this.#span]!.to) {
      if (this.#span + 1 === this.#spans.length) return undefined;
      this.#enter(this.#span + 1, 0);
    }
    const { from, shift } = this.#spans[this.#span]!;
    const index = this.#index++;
    const { position, size } = this.#samples.at(index);
    const start = this.#startOf(index);
    const fresh = this.#fresh;
    this.#fresh = false;
    const packet = {
      bytes: this.file.bytes(position, size),
      start: start + shift,
      frames: this.#startOf(index + 1) - start,
    };
    return this.#span === 0 ? packet : { ...packet, fresh, unheard: index < from };
  }

  seek(sample: number): void {
    let at = this.#spans.length - 1;
    while (at > 0 && this.#startOf(this.#spans[at]!.from) + this.#spans[at]!.shift > sample) at--;
    this.#enter(at, sample);
  }

  /** Goes into a span, so far before a sample that it comes out right. */
  #enter(at: number, sample: number): void {
    const { from, shift } = this.#spans[at]!;
    // Noise in AAC depends on all packets from here on, which is where ffmpeg begins.
    const { sampleRate } = this.codec;
    const first = Math.max(0, this.#packetsBefore((at === 0 ? -shift : this.#startOf(from)) - sampleRate + 1) - 1);
    const { packets, frames } = this.#entry.preroll;
    const target = Math.max(from, this.#packetsBefore(sample - shift + 1) - 1);
    let index = target === from && sample <= 0 ? first : Math.max(first, target - packets);
    while (index > first && this.#startOf(target) - this.#startOf(index) < frames) index--;
    this.#span = at;
    this.#index = index;
    this.#fresh = true;
  }

  #framesOf({ from, to, shift }: Span, at: number): number {
    return Math.max(0, this.#startOf(to) - (at === 0 ? -shift : this.#startOf(from)));
  }

  /** Sample of the track at which a packet begins, or the last one ends. */
  #startOf(index: number): number {
    const { packetFrames } = this.#entry;
    if (index === this.#samples.count && index > 0) return this.#end;
    // Where packets are of one length, they count better than a clock that may not tick with the samples.
    return packetFrames > 0 ? index * packetFrames : Math.round(this.#samples.time(index) * this.#scale);
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

  /** Packets that begin before a sample of the track. */
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
function mpegSetup(
  codec: ModuleSetup,
  { packetFrames }: SampleEntry,
  packet: Uint8Array,
): { readonly codec: ModuleSetup; readonly packetFrames: number } {
  const header = readMpegHeader(packet);
  if (!header || header === 'free') return { codec, packetFrames };
  const { layer, sampleRate, channels, frames } = header;
  return { codec: { ...codec, codec: `mp${layer}`, sampleRate, channels }, packetFrames: frames };
}
