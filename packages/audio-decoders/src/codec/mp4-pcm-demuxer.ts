import type { ByteWindow } from './byte-window.js';
import type { PcmSetup } from './decoder-instance.js';
import type { Demuxer, Packet } from './demuxer.js';
import { type Findings, missing } from './findings.js';
import type { Mp4Track } from './mp4-track.js';

/** Frames of a packet. */
const PACKET = 8192;

/** Frames that lie one behind the other in the file, and the place of the first among those of the track. */
interface Stretch {
  readonly position: number;
  readonly first: number;
}

/** Frames of the track that are played from a place in the sound on. */
interface Span {
  readonly start: number;
  readonly from: number;
  readonly frames: number;
}

/** PCM in an MP4 or QuickTime file; cut by edits to the sample. */
export class Mp4PcmDemuxer implements Demuxer {
  readonly frames: number;
  readonly #stretches: Stretch[] = [];
  readonly #spans: Span[] = [];
  readonly #there: number; // frames of the track that lie within the file
  #sample = 0;

  constructor(
    readonly file: ByteWindow,
    { samples, edits, timescale }: Mp4Track,
    readonly codec: PcmSetup,
    findings: Findings,
  ) {
    const { blockBytes } = codec.coding;
    let total = 0;
    let there: number | undefined;
    for (const { position, bytes } of samples.stretches(blockBytes)) {
      const frames = Math.floor(bytes / blockBytes);
      if (frames === 0) continue;
      this.#stretches.push({ position, first: total });
      const whole = Math.floor((file.size - position) / blockBytes);
      if (whole < frames) there ??= total + Math.max(0, whole);
      total += frames;
    }
    this.#there = there ?? total;
    const { sampleRate } = codec;
    let length = 0;
    let lost = 0;
    for (const { mediaTime, seconds } of edits.length > 0 ? edits : [{ mediaTime: 0, seconds: undefined }]) {
      const from = mediaTime === undefined ? 0 : Math.min(total, Math.round((mediaTime * sampleRate) / timescale));
      const most = mediaTime === undefined ? 0 : total - from;
      const wanted = seconds === undefined ? most : Math.round(seconds * sampleRate);
      if (mediaTime === undefined) {
        length += wanted;
        continue;
      }
      const declared = Math.min(wanted, most);
      const frames = Math.max(0, Math.min(declared, this.#there - from));
      lost += declared - frames;
      if (frames > 0) this.#spans.push({ start: length, from, frames });
      length += frames;
    }
    const last = this.#spans.at(-1);
    this.frames = last ? last.start + last.frames : 0;
    if (this.frames + lost === 0) throw findings.error('damaged', 'its edit list leaves nothing of the sound');
    if (lost > 0) findings.report('truncated', missing(lost, this.frames + lost, sampleRate));
  }

  next(): Packet | undefined {
    const span = this.#spans.find(({ start, frames }) => this.#sample < start + frames);
    if (!span) return undefined;
    const start = Math.max(span.start, this.#sample);
    const place = span.from + start - span.start;
    const at = this.#stretchWith(place);
    const { position, first } = this.#stretches[at]!;
    const end = Math.min(this.#stretches[at + 1]?.first ?? Infinity, span.from + span.frames);
    const frames = Math.min(PACKET, end - place);
    this.#sample = start + frames;
    const { blockBytes } = this.codec.coding;
    return { bytes: this.file.bytes(position + (place - first) * blockBytes, frames * blockBytes), start, frames };
  }

  seek(sample: number): void {
    this.#sample = Math.max(0, sample);
  }

  #stretchWith(place: number): number {
    let [low, high] = [0, this.#stretches.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#stretches[middle]!.first <= place) low = middle;
      else high = middle;
    }
    return low;
  }
}
