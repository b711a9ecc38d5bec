import type { ByteWindow } from './byte-window.js';
import type { ModuleSetup } from './decoder-instance.js';
import type { Demuxer, Packet } from './demuxer.js';
import { type Findings, missing } from './findings.js';
import { headerPackets, oggCoding, openOggMapping, type OggMapping } from './ogg-mapping.js';
import { findPage, LARGEST_PAGE, type OggPage, readPage } from './ogg-pages.js';
import { isPadding } from './tags.js';

/** Headers larger than this are pictures gone wild. */
const MOST_HEADERS = 16 * 2 ** 20;

/** One logical stream of an Ogg file, between two places of the file. */
export class OggDemuxer implements Demuxer {
  readonly codec: ModuleSetup;
  readonly frames: number;
  readonly #mapping: OggMapping;
  readonly #serial: number;
  readonly #data: number; // where the pages with sound begin
  #offset = 0; // granule of the first sample that is heard
  #position: number; // in the file
  #sequence: number | undefined; // of the last page
  #sample: number | undefined; // after the last whole packet; undefined where it must be found out
  #partial: Uint8Array[] = [];
  #first = 0; // sample at which the first packet begins; below 0 for what is not to be heard
  #dropping = false; // the rest of a packet whose beginning is lost
  #queue: Packet[] = [];
  #fresh = false;
  #sawLast = false;
  #holed = false; // pages were lost since the start
  #silent = false; // while it looks ahead
  #damageAt: number | undefined; // sample from which something is missing

  constructor(
    readonly file: ByteWindow,
    readonly start: number,
    readonly end: number,
    readonly findings: Findings,
  ) {
    findings.format = 'Ogg';
    const { serial, headers, coding, position } = readHeaders(file, start, end, findings);
    findings.format = `Ogg (${coding})`;
    this.#serial = serial;
    this.#mapping = openOggMapping(coding, headers, findings);
    this.codec = this.#mapping.codec;
    this.#data = position;
    this.#position = position;
    this.#sample = undefined;
    this.#silent = true;
    this.#offset = this.#findOffset();
    this.#silent = false;
    this.#rewind();
    const frames = this.#length();
    const { declared } = this.#mapping;
    this.frames = frames;
    if (declared !== undefined && frames < declared) {
      findings.report('truncated', missing(declared - frames, declared, this.codec.sampleRate));
    }
  }

  next(): Packet | undefined {
    while (this.#queue.length === 0) {
      if (!this.#readPage()) return undefined;
    }
    return this.#queue.shift();
  }

  seek(sample: number): void {
    const wanted = sample - this.#mapping.preroll;
    if (wanted <= 0) {
      this.#rewind();
      return;
    }
    // The last page that ends at or before the sample; what follows it is decoded.
    let low = this.#data;
    let high = this.end;
    while (high - low > 2 * LARGEST_PAGE) {
      const middle = Math.floor((low + high) / 2);
      let page = findPage(this.file, middle, high);
      while (page && (page.serial !== this.#serial || page.granule === undefined)) {
        page = findPage(this.file, page.position + page.size, high);
      }
      if (page && page.granule! - this.#offset <= wanted) low = page.position;
      else high = middle;
    }
    let from = low;
    for (let page = findPage(this.file, low, high); page; page = findPage(this.file, page.position + page.size, high)) {
      if (page.serial !== this.#serial || page.granule === undefined) continue;
      if (page.granule - this.#offset > wanted) break;
      from = page.position;
    }
    this.#rewind();
    if (from === this.#data) return;
    this.#position = from;
    this.#sample = undefined;
    this.#dropping = true;
  }

  #rewind(): void {
    this.#position = this.#data;
    this.#sequence = undefined;
    this.#sample = this.#first;
    this.#partial = [];
    this.#dropping = false;
    this.#queue = [];
    this.#fresh = true;
    this.#sawLast = false;
    this.#damageAt = undefined;
    this.#holed = false;
    this.#mapping.reset();
  }

  /**
   * The granule position of the first sample. A stream that was cut out of another begins above 0. The first page that
   * says where it ends, less the samples on it, tells; except when it is the last one too, which may be cut short, or
   * when pages before it are lost.
   */
  #findOffset(): number {
    let sum = 0;
    let pages = 0;
    this.#rewind();
    for (let page = this.#nextPage(); page; page = this.#nextPage()) {
      for (const packet of this.#packets(page)) sum += this.#mapping.frames(packet);
      if (page.granule === undefined && ++pages < 256) continue;
      const begin = page.last || this.#holed || page.granule === undefined ? 0 : page.granule - sum;
      // A first page that ends earlier than its samples: the samples too many are at the start.
      this.#first = Math.min(0, begin) - this.#mapping.delay;
      return Math.max(0, begin) + this.#mapping.delay;
    }
    this.#first = -this.#mapping.delay;
    return this.#mapping.delay;
  }

  /** By the granule position of the last page. */
  #length(): number {
    for (let span = LARGEST_PAGE; ; span *= 4) {
      const from = Math.max(this.#data, this.end - span);
      let last: OggPage | undefined;
      for (
        let page = findPage(this.file, from, this.end);
        page;
        page = findPage(this.file, page.position + page.size, this.end)
      ) {
        if (page.serial === this.#serial && page.granule !== undefined) last = page;
      }
      if (last) return Math.max(0, last.granule! - this.#offset);
      if (from === this.#data) return 0;
    }
  }

  /** The next page of the stream; what is amiss is noted. */
  #nextPage(): OggPage | undefined {
    for (;;) {
      if (this.#position >= this.end || this.#sawLast) return undefined;
      let page = readPage(this.file, this.#position);
      if (typeof page !== 'object') {
        const after = findPage(this.file, this.#position + 1, this.end);
        if (!after) {
          if (page === 'cut') this.#cut();
          else if (page === 'damaged') this.#report('damaged', 'the last page fails its checksum');
          else if (!isPadding(this.file, this.#position, this.end)) {
            this.#report('damaged', `the last ${this.end - this.#position} bytes are no Ogg page`);
          }
          this.#position = this.end + 1;
          return undefined;
        }
        this.#lose(page === 'damaged' ? 'a page fails its checksum' : 'there are bytes that are no page');
        page = after;
      }
      this.#position = page.position + page.size;
      if (page.serial !== this.#serial) continue;
      if (this.#sequence !== undefined && page.sequence !== (this.#sequence + 1) >>> 0) this.#lose('pages are missing');
      this.#sequence = page.sequence;
      return page;
    }
  }

  #report(problem: 'truncated' | 'damaged', message: string): void {
    if (!this.#silent)
      this.findings.report(problem, message, problem === 'damaged' ? `byte ${this.#position}` : undefined);
  }

  #cut(): void {
    this.#report('truncated', 'it ends within a page; how much is missing is not known');
  }

  #lose(what: string): void {
    const at = this.#sample;
    this.#report('damaged', at === undefined ? what : `${seconds(at, this.codec)} ${what}`);
    this.#sequence = undefined;
    this.#partial = [];
    this.#dropping = true;
    this.#fresh = true;
    this.#damageAt = at;
    this.#holed = true;
    this.#sample = undefined;
    this.#mapping.reset();
  }

  /** The packets that end on a page. */
  #packets(page: OggPage): Uint8Array[] {
    const packets: Uint8Array[] = [];
    if (!page.continued) {
      this.#partial = [];
      this.#dropping = false;
    }
    let at = page.bodyAt;
    let length = 0;
    for (const segment of page.segments) {
      length += segment;
      if (segment === 255) continue;
      const rest = this.file.bytes(at, length);
      if (!this.#dropping) packets.push(join([...this.#partial, rest]));
      this.#partial = [];
      this.#dropping = false;
      at += length;
      length = 0;
    }
    if (length > 0) this.#partial.push(this.file.bytes(at, length));
    return packets;
  }

  #readPage(): boolean {
    const page = this.#nextPage();
    if (!page) {
      this.#finish();
      return false;
    }
    const packets = this.#packets(page);
    const lengths = packets.map((packet) => this.#mapping.frames(packet));
    const sum = lengths.reduce((total, length) => total + length, 0);
    const end = page.granule === undefined ? undefined : page.granule - this.#offset;
    // Where it is not known it follows from the end of the page.
    let start = this.#sample ?? (end === undefined ? undefined : end - sum);
    if (start === undefined) return true; // such packets cannot be placed, and only make ready
    if (this.#damageAt !== undefined) {
      start = Math.max(start, this.#damageAt);
      this.#damageAt = undefined;
    }
    if (end !== undefined && !page.last && end > start + sum && this.#sample !== undefined) {
      this.#report('damaged', `${seconds(start, this.codec)} the count of samples jumps by ${end - start - sum}`);
      start = end - sum;
    }
    const stop = page.last && end !== undefined ? Math.max(start, Math.min(end, start + sum)) : Infinity;
    let at = start;
    packets.forEach((bytes, i) => {
      const frames = Math.max(0, Math.min(lengths[i]!, stop - at));
      this.#queue.push({ bytes, start: at, frames, fresh: this.#fresh && this.#mapping.overlaps });
      this.#fresh = false;
      at += lengths[i]!;
    });
    this.#sample = Math.min(at, stop);
    if (page.last) this.#sawLast = true;
    return true;
  }

  #finish(): void {
    if (this.#sawLast) {
      if (this.#position >= this.end || !findPage(this.file, this.#position, this.#position + LARGEST_PAGE)?.first)
        return;
      this.#position = this.end;
      this.#report('damaged', 'another stream of the same serial number follows, which is not read');
      return;
    }
    if (this.#position > this.end) return;
    this.#position = this.end + 1;
    if (this.#partial.length > 0) this.#cut();
    else this.#report('truncated', 'its last page is not marked as such; how much is missing is not known');
  }
}

function seconds(sample: number, { sampleRate }: ModuleSetup): string {
  return `behind ${(Math.max(0, sample) / sampleRate).toFixed(2)} s`;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

interface OggHeaders {
  readonly serial: number;
  readonly coding: 'Vorbis' | 'Opus' | 'FLAC';
  readonly headers: readonly Uint8Array[];
  /** Where the pages with sound begin. */
  readonly position: number;
}

/** Reads the headers of the first stream of sound. */
function readHeaders(file: ByteWindow, start: number, end: number, findings: Findings): OggHeaders {
  let coding: OggHeaders['coding'] | undefined;
  let serial = 0;
  let wanted = 0;
  let partial: Uint8Array[] = [];
  let bytes = 0;
  const headers: Uint8Array[] = [];
  const others: string[] = [];
  let at = start;
  for (;;) {
    const page = at < end ? readPage(file, at) : undefined;
    if (page === 'cut' || (page === undefined && at >= end))
      throw findings.error('truncated', 'it ends within its headers');
    if (typeof page !== 'object') throw findings.error('damaged', 'a page of its headers fails its checksum');
    at = page.position + page.size;
    if (page.first && !coding) {
      const packet = file.bytes(
        page.bodyAt,
        page.segments.reduce((sum, length) => sum + length, 0),
      );
      const found = oggCoding(packet);
      if (typeof found === 'string') {
        coding = found;
        serial = page.serial;
        wanted = headerPackets(found, packet);
        headers.push(packet);
        if (wanted === 1) break;
      } else if (found) others.push(found.other);
      continue;
    }
    if (!coding) break;
    if (page.serial !== serial) continue;
    let from = page.bodyAt;
    let length = 0;
    for (const segment of page.segments) {
      length += segment;
      if (segment === 255) continue;
      headers.push(join([...partial, file.bytes(from, length)]));
      partial = [];
      from += length;
      length = 0;
    }
    if (length > 0) partial.push(file.bytes(from, length));
    bytes += page.size;
    if (bytes > MOST_HEADERS) throw findings.error('too large', 'its headers have more than 16 MB');
    const done = wanted === 0 ? (headers.at(-1)![0]! & 0x80) !== 0 && headers.length > 1 : headers.length >= wanted;
    if (done) break;
  }
  if (!coding) {
    const name = others.length > 0 ? others.join(' and ') : 'a coding that is not known';
    throw findings.unsupported(/video/.test(name) && others.length === 1 ? `${name} without sound` : name);
  }
  return { serial, coding, headers, position: at };
}
