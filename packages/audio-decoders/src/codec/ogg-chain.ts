import { AudioError } from '../audio-error.js';
import type { ByteWindow } from './byte-window.js';
import type { CodecSetup } from './decoder-instance.js';
import type { Demuxer, Packet } from './demuxer.js';
import type { Findings } from './findings.js';
import { OggDemuxer } from './ogg-demuxer.js';
import { findPage, LARGEST_PAGE, type OggPage, readPage } from './ogg-pages.js';

/** Opens an Ogg file: one stream, or several one after another, as radio stations send them. */
export function openOgg(file: ByteWindow, start: number, findings: Findings): Demuxer {
  const bounds = [start];
  while (bounds.length < MOST_LINKS) {
    const next = findNextLink(file, bounds.at(-1)!);
    if (next === undefined) break;
    bounds.push(next);
  }
  const links = bounds.map((from, i) => new OggDemuxer(file, from, bounds[i + 1] ?? file.size, findings));
  return links.length === 1 ? links[0]! : new OggChain(links, findings);
}

/** More streams in one file are no radio. */
const MOST_LINKS = 1000;

/** Where the pages of the streams that begin at `start` are over and others begin. */
function findNextLink(file: ByteWindow, start: number): number | undefined {
  const serials = new Set<number>();
  let at = start;
  for (let page = readPage(file, at); typeof page === 'object' && page.first; page = readPage(file, at)) {
    serials.add(page.serial);
    at = page.position + page.size;
  }
  const foreign = (page: OggPage): boolean => !serials.has(page.serial);
  let last: OggPage | undefined;
  const tail = Math.max(at, file.size - 2 * LARGEST_PAGE);
  for (let page = findPage(file, tail, file.size); page; page = findPage(file, page.position + page.size, file.size)) {
    last = page;
  }
  if (!last || !foreign(last)) return undefined;
  let low = at;
  let high = last.position;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const page = findPage(file, middle, high);
    if (!page || foreign(page)) high = middle;
    else low = page.position + page.size - 1;
  }
  const begin = findPage(file, low, file.size);
  // Pages of a stream that never began are damage, which the stream before them tells.
  return begin?.first ? begin.position : undefined;
}

/** Streams one after another, as one sound. */
class OggChain implements Demuxer {
  readonly frames: number;
  readonly #starts: number[] = [];
  #at = 0;

  constructor(
    readonly links: readonly OggDemuxer[],
    findings: Findings,
  ) {
    let total = 0;
    const [first] = links;
    for (const { codec, frames } of links) {
      if (codec.sampleRate !== first!.codec.sampleRate || codec.channels !== first!.codec.channels) {
        throw new AudioError(
          `openAudio: expected one sample rate and number of channels in the streams of the Ogg file, got ${first!.codec.channels} channels at ${first!.codec.sampleRate} Hz and then ${codec.channels} at ${codec.sampleRate} Hz; split the file`,
          'unsupported',
          findings.format,
        );
      }
      this.#starts.push(total);
      total += frames;
    }
    this.frames = total;
  }

  get codec(): CodecSetup {
    return this.links[this.#at]!.codec;
  }

  next(): Packet | undefined {
    for (;;) {
      const packet = this.links[this.#at]!.next();
      if (packet) return { ...packet, start: packet.start + this.#starts[this.#at]! };
      if (this.#at + 1 === this.links.length) return undefined;
      this.#at++;
      this.links[this.#at]!.seek(0);
    }
  }

  seek(sample: number): void {
    this.#at = this.#starts.length - 1;
    while (this.#at > 0 && this.#starts[this.#at]! > sample) this.#at--;
    this.links[this.#at]!.seek(sample - this.#starts[this.#at]!);
  }
}
