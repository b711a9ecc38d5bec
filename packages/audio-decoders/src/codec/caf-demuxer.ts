import { describeAac, readAacConfig } from './aac-config.js';
import { readAlacCookie } from './alac-cookie.js';
import { alacFrames } from './alac-packet.js';
import type { ByteWindow } from './byte-window.js';
import type { ModuleSetup } from './decoder-instance.js';
import type { Demuxer, Packet } from './demuxer.js';
import { readDescriptors } from './esds.js';
import { type Findings, missing } from './findings.js';
import { OPUS_PREROLL, opusFrames } from './opus-header.js';

const NAMES: Readonly<Record<string, string>> = {
  lpcm: 'PCM',
  alaw: 'A-law',
  ulaw: 'mu-law',
  ima4: 'IMA ADPCM',
  MAC3: 'MACE 3:1',
  MAC6: 'MACE 6:1',
  flac: 'FLAC',
  'ac-3': 'AC-3',
  aach: 'HE-AAC',
  aacp: 'HE-AAC v2',
  aacl: 'AAC-LD',
  aace: 'AAC-ELD',
  usac: 'xHE-AAC',
  samr: 'AMR',
  QDMC: 'QDesign',
  QDM2: 'QDesign',
};

/** A place is kept every so many packets. */
const STEP = 256;

/** No packet of sound has as many bytes. */
const MOST_PACKET = 2 ** 24;

/** A Core Audio file (Apple's Core Audio Format Specification 1.0) with packets of a coding; those with PCM are read elsewhere. */
export class CafDemuxer implements Demuxer {
  readonly codec: ModuleSetup;
  readonly frames: number;
  readonly #packetFrames: number;
  readonly #packetBytes: number;
  readonly #preroll: { readonly packets: number; readonly frames: number };
  readonly #delay: number;
  readonly #count: number;
  readonly #table: { readonly start: number; readonly end: number };
  readonly #places: { readonly entry: number; readonly position: number; readonly sample: number }[] = [];
  #index = 0;
  #entry = 0;
  #position = 0;
  #sample = 0;

  constructor(
    readonly file: ByteWindow,
    readonly findings: Findings,
  ) {
    findings.format = 'CAF';
    const chunks = readChunks(file);
    const desc = chunks.get('desc');
    const data = chunks.get('data');
    const head = desc && file.view(desc.start, 32);
    if (!head) throw findings.error('damaged', 'it has no description (desc)');
    const id = file.text(desc.start + 8, 4);
    const sampleRate = Math.round(head.getFloat64(0));
    this.#packetBytes = head.getUint32(16);
    const channels = head.getUint32(24);
    const kuki = chunks.get('kuki');
    const cookie = kuki ? file.bytes(kuki.start, kuki.end - kuki.start) : new Uint8Array(0);
    const opened = openCoding(id, sampleRate, channels, head.getUint32(12), cookie, findings);
    this.codec = opened.codec;
    this.#preroll = opened.preroll;
    const pakt = chunks.get('pakt');
    if (!data) throw findings.error('truncated', 'it has no sound (data)');
    const table = pakt && file.view(pakt.start, 24);
    const [packets, valid, priming, rest] = table
      ? [table.getUint32(4), table.getUint32(8) * 2 ** 32 + table.getUint32(12), table.getInt32(16), table.getInt32(20)]
      : [0, 0, 0, 0];
    if (!table && this.#packetBytes === 0) throw findings.error('truncated', 'it has no table of packets (pakt)');
    this.#packetFrames = opened.packetFrames || head.getUint32(20);
    this.#delay = Math.max(0, priming);
    this.#table = { start: pakt ? pakt.start + 24 : 0, end: pakt ? Math.min(pakt.end, file.size) : 0 };
    this.#places.push({ entry: this.#table.start, position: data.start + 4, sample: -this.#delay });
    const declaredPackets = this.#packetBytes
      ? Math.ceil((Math.min(data.end, file.size) - data.start - 4) / this.#packetBytes)
      : packets;
    this.#count = this.#goThrough(declaredPackets);
    const end = this.#sample - this.#shorter();
    const declared = valid > 0 ? valid : end - Math.max(0, rest);
    this.frames = Math.max(0, Math.min(declared, end));
    if (this.#count < declaredPackets || (table && valid > end && this.codec.codec !== 'alac')) {
      // The packets that are missing are as long as the others.
      const lost = Math.max(declared - this.frames, (declaredPackets - this.#count) * this.#packetFrames);
      findings.report('truncated', missing(lost, this.frames + lost, sampleRate));
    }
    this.#goTo(0);
  }

  next(): Packet | undefined {
    if (this.#index >= this.#count) return undefined;
    const { size, frames } = this.#read();
    const start = this.#sample;
    const bytes = this.file.bytes(this.#position, size);
    const length = this.codec.codec === 'opus' ? opusFrames(bytes) : frames;
    this.#pass(size, frames);
    return { bytes, start, frames: Math.min(length, this.frames - start) };
  }

  seek(sample: number): void {
    let [low, high] = [0, this.#places.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#places[middle]!.sample <= sample) low = middle;
      else high = middle;
    }
    this.#goTo(low * STEP);
    const starts: number[] = [];
    while (this.#index < this.#count) {
      const { size, frames } = this.#read();
      if (this.#sample + frames > sample) break;
      starts.push(this.#sample);
      this.#pass(size, frames);
    }
    let from = this.#index - this.#preroll.packets;
    if (this.#preroll.frames > 0)
      from = Math.min(from, this.#index - Math.ceil(this.#preroll.frames / Math.max(1, this.#packetFrames)));
    this.#goTo(Math.max(0, from));
  }

  #goTo(index: number): void {
    const place = this.#places[Math.floor(index / STEP)]!;
    this.#index = Math.floor(index / STEP) * STEP;
    this.#entry = place.entry;
    this.#position = place.position;
    this.#sample = place.sample;
    while (this.#index < index) {
      const { size, frames } = this.#read();
      this.#pass(size, frames);
    }
  }

  /** Goes through the table once; returns the packets that lie within the file. */
  #goThrough(packets: number): number {
    this.#entry = this.#table.start;
    this.#position = this.#places[0]!.position;
    this.#sample = this.#places[0]!.sample;
    while (this.#index < packets) {
      const entry = this.#read();
      if (entry.size > MOST_PACKET || this.#position + entry.size > this.file.size || entry.next > this.#table.end)
        break;
      this.#pass(entry.size, entry.frames);
      if (this.#index % STEP === 0) {
        this.#places.push({ entry: this.#entry, position: this.#position, sample: this.#sample });
      }
    }
    return this.#index;
  }

  /** Samples that the last packet of ALAC lacks: not every writer tells the file. */
  #shorter(): number {
    if (this.codec.codec !== 'alac' || this.#count === 0) return 0;
    this.#goTo(this.#count - 1);
    const { size, frames } = this.#read();
    return frames - alacFrames(this.file.bytes(this.#position, Math.min(size, 16)), frames);
  }

  #pass(size: number, frames: number): void {
    this.#entry = this.#read().next;
    this.#position += size;
    this.#sample += frames;
    this.#index++;
  }

  /** The entry of the next packet: its bytes, then its samples, each where the description has no number of them. */
  #read(): { readonly size: number; readonly frames: number; readonly next: number } {
    let at = this.#entry;
    const bytes = this.file.bytes(at, 12);
    let used = 0;
    const number = (): number => {
      let value = 0;
      for (let more = true; more && used < 12; used++) {
        const byte = bytes[used];
        if (byte === undefined) return Infinity;
        value = value * 128 + (byte & 0x7f);
        more = (byte & 0x80) !== 0;
      }
      return value;
    };
    const size = this.#packetBytes || number();
    const frames = this.#packetFrames || number();
    at += used;
    return { size, frames, next: at };
  }
}

function readChunks(file: ByteWindow): Map<string, { readonly start: number; readonly end: number }> {
  const chunks = new Map<string, { readonly start: number; readonly end: number }>();
  for (let at = 8; at + 12 <= file.size;) {
    const header = file.view(at, 12)!;
    const kind = file.text(at, 4);
    const size = header.getInt32(4) * 2 ** 32 + header.getUint32(8);
    // A recorder that writes to a pipe leaves -1: to the end.
    const end = size < 0 ? file.size : at + 12 + size;
    if (!chunks.has(kind)) chunks.set(kind, { start: at + 12, end });
    at = end;
  }
  return chunks;
}

interface Coding {
  readonly codec: ModuleSetup;
  /** 0 where the description of the file has it. */
  readonly packetFrames: number;
  readonly preroll: { readonly packets: number; readonly frames: number };
}

function openCoding(
  id: string,
  sampleRate: number,
  channels: number,
  flags: number,
  cookie: Uint8Array,
  findings: Findings,
): Coding {
  const none = { packets: 0, frames: 0 };
  if (id === 'alac') {
    findings.format = 'CAF (ALAC)';
    const { codec, packetFrames } = readAlacCookie(cookie);
    return { codec, packetFrames, preroll: none };
  }
  if (id === 'aac ') {
    const object = flags === 0 || flags === 2 ? undefined : flags;
    const { config } = readDescriptors(cookie);
    const aac = readAacConfig(config ?? cookie);
    const refused = object === undefined ? describeAac(aac) : `AAC of object type ${object}`;
    if (refused) throw findings.unsupported(refused);
    findings.format = 'CAF (AAC)';
    const setup = config ?? cookie;
    return {
      codec: { codec: 'aac', sampleRate: aac.sampleRate, channels: aac.channels, setup },
      packetFrames: 1024,
      preroll: { packets: 1, frames: 0 },
    };
  }
  if (id === 'opus') {
    if (channels > 2) throw findings.unsupported(`Opus with ${channels} channels`);
    findings.format = 'CAF (Opus)';
    const setup = Uint8Array.of(0, 0, 0x80, 0x3f, 1, channels - 1, 0, 1); // a gain of 1, one stream
    return {
      codec: { codec: 'opus', sampleRate: 48_000, channels, setup },
      packetFrames: 0,
      preroll: { packets: 0, frames: OPUS_PREROLL },
    };
  }
  if (id === '.mp3' || id === '.mp2' || id === '.mp1') {
    const layer = id[3] as '1' | '2' | '3';
    findings.format = `CAF (${layer === '3' ? 'MP3' : `MPEG audio layer ${layer}`})`;
    return {
      codec: { codec: `mp${layer}`, sampleRate, channels, setup: new Uint8Array(0) },
      packetFrames: 0,
      preroll: { packets: layer === '3' ? 90 : 1, frames: 0 },
    };
  }
  throw findings.unsupported(NAMES[id] ?? `coding "${id.replace(/[^ -~]/g, '?')}"`);
}
