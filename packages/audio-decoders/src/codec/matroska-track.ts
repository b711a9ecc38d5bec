import { describeAac, readAacConfig } from './aac-config.js';
import { readAlacCookie } from './alac-cookie.js';
import { alacFrames } from './alac-packet.js';
import type { ByteWindow } from './byte-window.js';
import { floatCoding, integerCoding } from '../pcm/pcm-coding.js';
import { readWaveFormat } from '../pcm/wave-format.js';
import type { CodecSetup, PcmSetup } from './decoder-instance.js';
import { type Element, elements, readFloat, readUnsigned } from './ebml.js';
import type { Findings } from './findings.js';
import { readStreamInfo } from './flac-demuxer.js';
import { flacPacketFrames } from './flac-packet.js';
import { OPUS_PREROLL, opusFrames, readOpusHeader } from './opus-header.js';
import { VorbisBlocks } from './vorbis-blocks.js';

/** The track of sound of a Matroska file. */
export interface MatroskaTrack {
  readonly number: number;
  readonly codec: CodecSetup;
  /** Bytes that were taken off each frame, as all began with them. */
  readonly stripped: Uint8Array;
  readonly delay: number;
  /** Packets and samples that must be decoded before a place. */
  readonly preroll: { readonly packets: number; readonly frames: number };
  /** For Vorbis, whose packets complete what the ones before them began. */
  readonly blocks?: VorbisBlocks;
  frames(packet: Uint8Array): number;
}

const NAMES: readonly (readonly [string, string])[] = [
  ['A_AC3', 'AC-3'],
  ['A_EAC3', 'E-AC-3'],
  ['A_DTS', 'DTS'],
  ['A_TRUEHD', 'TrueHD'],
  ['A_TTA1', 'TTA'],
  ['A_WAVPACK4', 'WavPack'],
  ['A_PCM', 'PCM'],
  ['A_MS/ACM', 'a coding of Microsoft'],
  ['A_QUICKTIME', 'a coding of QuickTime'],
  ['A_REAL', 'RealAudio'],
];

/** Reads the entry of a track; `undefined` when it is not of sound. */
export function readMatroskaTrack(file: ByteWindow, entry: Element, findings: Findings): MatroskaTrack | undefined {
  let number = 0;
  let kind = 0;
  let id = '';
  let setup: Uint8Array = new Uint8Array(0);
  let stripped: Uint8Array = new Uint8Array(0);
  let [sampleRate, channels, bits] = [8000, 1, 16];
  let refused: string | undefined;
  for (const element of elements(file, entry)) {
    const bytes = (): Uint8Array => file.bytes(element.start, element.end - element.start);
    if (element.id === 0xd7) number = readUnsigned(file, element);
    else if (element.id === 0x83) kind = readUnsigned(file, element);
    else if (element.id === 0x86)
      id = file.text(element.start, Math.min(64, element.end - element.start)).replace(/\0+$/, '');
    else if (element.id === 0x63a2) setup = bytes();
    else if (element.id === 0xe1) {
      for (const detail of elements(file, element)) {
        if (detail.id === 0xb5) sampleRate = readFloat(file, detail);
        else if (detail.id === 0x9f) channels = readUnsigned(file, detail);
        else if (detail.id === 0x6264) bits = readUnsigned(file, detail);
      }
    } else if (element.id === 0x6d80) {
      const encoding = readEncoding(file, element);
      if (typeof encoding === 'string') refused = encoding;
      else stripped = encoding;
    }
  }
  if (kind !== 2) return undefined;
  const container = findings.format;
  const open = (name: string): void => {
    findings.format = `${container} (${name})`;
  };
  const refuse = (what: string): Error => {
    findings.format = container;
    return findings.unsupported(what);
  };
  if (refused) throw refuse(refused);
  const fixed = (codec: CodecSetup, frames: number, packets: number): MatroskaTrack => ({
    number,
    codec,
    stripped,
    delay: 0,
    preroll: { packets, frames: 0 },
    frames: () => frames,
  });
  if (id === 'A_OPUS') {
    open('Opus');
    const header = readOpusHeader(setup);
    if (header.refused) throw refuse(header.refused);
    return {
      ...fixed(header.codec, 0, 0),
      delay: header.preSkip,
      preroll: { packets: 0, frames: OPUS_PREROLL },
      frames: opusFrames,
    };
  }
  if (id === 'A_VORBIS') {
    open('Vorbis');
    const headers = unlace(setup);
    const blocks = new VorbisBlocks(headers[0]!, headers[2]!);
    const both = new Uint8Array(headers[0]!.length + headers[2]!.length);
    both.set(headers[0]!);
    both.set(headers[2]!, headers[0]!.length);
    return {
      ...fixed({ codec: 'vorbis', sampleRate: blocks.sampleRate, channels: blocks.channels, setup: both }, 0, 2),
      blocks,
      frames: (packet) => blocks.frames(packet),
    };
  }
  if (id === 'A_FLAC') {
    open('FLAC');
    return { ...fixed(readStreamInfo(setup.subarray(8)).codec, 0, 0), frames: flacPacketFrames };
  }
  if (id === 'A_ALAC') {
    open('ALAC');
    const { codec, packetFrames } = readAlacCookie(setup);
    return { ...fixed(codec, packetFrames, 0), frames: (packet) => alacFrames(packet, packetFrames) };
  }
  if (id.startsWith('A_MPEG/L')) {
    const layer = Number(id.at(-1)) as 1 | 2 | 3;
    open(layer === 3 ? 'MP3' : `MPEG audio layer ${layer}`);
    const frames = layer === 1 ? 384 : layer === 3 && sampleRate < 32_000 ? 576 : 1152;
    return fixed({ codec: `mp${layer}`, sampleRate, channels, setup: new Uint8Array(0) }, frames, layer === 3 ? 90 : 1);
  }
  if (id.startsWith('A_AAC')) {
    open('AAC');
    if (setup.length < 2) throw refuse('AAC without its configuration');
    const aac = readAacConfig(setup);
    const what = describeAac(aac);
    if (what) throw refuse(what);
    return fixed({ codec: 'aac', sampleRate: aac.sampleRate, channels: aac.channels, setup }, 1024, 1);
  }
  const sound = id === 'A_MS/ACM' ? waveSound(setup, findings) : pcmSound(id, { sampleRate, channels, bits });
  if (sound) {
    const { coding } = sound;
    open(coding.name);
    return { ...fixed({ codec: 'pcm', ...sound }, 0, 0), frames: (block) => coding.framesIn(block.length) };
  }
  const other = NAMES.find(([start]) => id.startsWith(start));
  throw refuse(other?.[1] ?? `coding "${id.replace(/[^ -~]/g, '?')}"`);
}

/** PCM of Matroska's own names. */
function pcmSound(
  id: string,
  { sampleRate, channels, bits }: { readonly sampleRate: number; readonly channels: number; readonly bits: number },
): Omit<PcmSetup, 'codec'> | undefined {
  if (channels === 0 || channels > 65_535 || bits === 0 || bits > 64) return undefined;
  const described = { sampleRate: Math.round(sampleRate), channels };
  if (id === 'A_PCM/FLOAT/IEEE') {
    return bits === 32 || bits === 64 ? { ...described, coding: floatCoding(bits, channels, false) } : undefined;
  }
  if (id !== 'A_PCM/INT/LIT' && id !== 'A_PCM/INT/BIG') return undefined;
  const layout = { channels, bytes: Math.ceil(bits / 8), bits, bigEndian: id.endsWith('BIG'), unsigned: bits <= 8 };
  return { ...described, coding: integerCoding(layout) };
}

/** What a header of Microsoft's describes, of which PCM and ADPCM are read. */
function waveSound(header: Uint8Array, findings: Findings): Omit<PcmSetup, 'codec'> | undefined {
  const container = findings.format ?? '';
  const sound = readWaveFormat(header, { container, bigEndian: false, samples: new Uint8Array(0) });
  const { coding } = sound;
  return typeof coding === 'string' ? undefined : { ...sound, coding };
}

/** What was taken off the frames, or what is done to them that is not undone here. */
function readEncoding(file: ByteWindow, encodings: Element): Uint8Array | string {
  for (const encoding of elements(file, encodings)) {
    if (encoding.id !== 0x6240) continue;
    let algorithm = 0;
    let settings: Uint8Array = new Uint8Array(0);
    for (const part of elements(file, encoding)) {
      if (part.id === 0x5033 && readUnsigned(file, part) === 1) return 'encrypted sound';
      if (part.id === 0x5035) return 'encrypted sound';
      if (part.id !== 0x5034) continue;
      for (const detail of elements(file, part)) {
        if (detail.id === 0x4254) algorithm = readUnsigned(file, detail);
        else if (detail.id === 0x4255) settings = file.bytes(detail.start, detail.end - detail.start);
      }
      return algorithm === 3 ? settings : 'compressed frames';
    }
  }
  return new Uint8Array(0);
}

/** The three headers of Vorbis, laced as Xiph does. */
function unlace(bytes: Uint8Array): Uint8Array[] {
  if (bytes[0] !== 2) throw new RangeError('Vorbis without its three headers');
  let at = 1;
  const sizes: number[] = [];
  for (let i = 0; i < 2; i++) {
    let size = 0;
    for (let byte = 255; byte === 255; size += byte) byte = bytes[at++] ?? 0;
    sizes.push(size);
  }
  const second = at + sizes[0]!;
  const third = second + sizes[1]!;
  return [bytes.subarray(at, second), bytes.subarray(second, third), bytes.subarray(third)];
}
