import type { ModuleSetup } from './decoder-instance.js';
import type { Findings } from './findings.js';
import { readStreamInfo } from './flac-demuxer.js';
import { flacPacketFrames } from './flac-packet.js';
import { OPUS_PREROLL, opusFrames, readOpusHeader } from './opus-header.js';
import { VorbisBlocks } from './vorbis-blocks.js';

/** How a coding lies in Ogg. */
export interface OggMapping {
  readonly name: string;
  readonly codec: ModuleSetup;
  /** Samples of the whole stream, where its header says. */
  readonly declared?: number | undefined;
  /** Samples at the start that are not to be heard. */
  readonly delay: number;
  /** Samples that must be decoded before a place, for that to be right. */
  readonly preroll: number;
  /** Whether a decoder must forget what it knows when packets are lost. */
  readonly overlaps: boolean;
  /** Samples that a packet completes. */
  frames(packet: Uint8Array): number;
  /** The next packet does not follow the last one. */
  reset(): void;
}

/** Names of what is not read here, by how the first packet begins. */
const OTHERS: readonly (readonly [string, string])[] = [
  ['Speex   ', 'Speex'],
  ['\x80theora', 'Theora video'],
  ['\x01video', 'OGM video'],
  ['BBCD', 'Dirac video'],
  ['OVP80', 'VP8 video'],
  ['\x80daala', 'Daala video'],
  ['CELT    ', 'CELT'],
  ['PCM     ', 'OggPCM'],
];

/** The name of the coding whose first packet this is, when it is sound that can be read; and of others. */
export function oggCoding(packet: Uint8Array): 'Vorbis' | 'Opus' | 'FLAC' | { readonly other: string } | undefined {
  const text = String.fromCharCode(...packet.subarray(0, 8));
  if (text.startsWith('\x01vorbis')) return 'Vorbis';
  if (text.startsWith('OpusHead')) return 'Opus';
  if (text.startsWith('\x7fFLAC')) return 'FLAC';
  const other = OTHERS.find(([start]) => text.startsWith(start));
  return other && { other: other[1] };
}

/** Number of packets of headers, of which the first is given; 0 when the last one is told by a flag of its own. */
export function headerPackets(coding: 'Vorbis' | 'Opus' | 'FLAC', first: Uint8Array): number {
  if (coding === 'Vorbis') return 3;
  if (coding === 'Opus') return 2;
  const others = (first[7]! << 8) | first[8]!;
  return others === 0 ? 0 : 1 + others;
}

/** Reads the headers. */
export function openOggMapping(
  coding: 'Vorbis' | 'Opus' | 'FLAC',
  headers: readonly Uint8Array[],
  findings: Findings,
): OggMapping {
  const [first] = headers;
  if (coding === 'Opus') {
    const { codec, preSkip, refused } = readOpusHeader(first!);
    if (refused) throw findings.unsupported(refused);
    return {
      name: coding,
      codec,
      delay: preSkip,
      preroll: OPUS_PREROLL,
      overlaps: false,
      frames: opusFrames,
      reset() {},
    };
  }
  if (coding === 'FLAC') {
    const info = readStreamInfo(first!.subarray(17));
    const frames = (packet: Uint8Array): number => flacPacketFrames(packet);
    return {
      name: coding,
      codec: info.codec,
      declared: info.frames,
      delay: 0,
      preroll: 0,
      overlaps: false,
      frames,
      reset() {},
    };
  }
  const blocks = new VorbisBlocks(first!, headers[2]!);
  const setup = new Uint8Array(first!.length + headers[2]!.length);
  setup.set(first!);
  setup.set(headers[2]!, first!.length);
  return {
    name: coding,
    codec: { codec: 'vorbis', sampleRate: blocks.sampleRate, channels: blocks.channels, setup },
    delay: 0,
    preroll: 8192,
    overlaps: true,
    frames: (packet) => blocks.frames(packet),
    reset() {
      blocks.previous = undefined;
    },
  };
}
