import type { AudioError } from '../audio-error.js';
import { viewOf } from '../bytes/read-bytes.js';
import type { Coding } from './coding.js';
import { damagedHeader, unreadCoding } from './header-errors.js';
import { imaCoding } from './ima-coding.js';
import { lawCoding } from './law-coding.js';
import { MS_ADPCM_WEIGHTS, msAdpcmCoding } from './ms-adpcm-coding.js';
import { floatCoding, integerCoding } from './pcm-coding.js';
import { standsLow } from './stands-low.js';
import { WAVE_TAGS } from './wave-tags.js';

const EXTENSIBLE = 0xfffe;

/** What follows the format tag in the identifier of a sub-format: Microsoft's, and the one of Ambisonic B-format. */
const TAILS = ['000000001000800000aa00389b71', '00002107d3118644c8c1ca000000'];

/** What a chunk `fmt ` says. */
export interface WaveFormat {
  readonly channels: number;
  readonly sampleRate: number;
  /** The coding, or the name of one that the decoder module reads. */
  readonly coding: Coding | string;
}

interface Fields {
  readonly container: string;
  readonly bigEndian: boolean;
  readonly channels: number;
  readonly blockBytes: number;
  readonly bits: number;
  readonly isExtensible: boolean;
  readonly bytes: Uint8Array;
  readonly samples: Uint8Array;
}

/** Codings by format tag. The decoder module reads what stands here with a name. */
const CODINGS: Readonly<Record<number, string | ((fields: Fields) => Coding)>> = {
  0x01: (fields) => {
    const { channels, bits, bigEndian, isExtensible, samples } = fields;
    const bytes = sampleBytes(fields, 64);
    const low = !isExtensible && standsLow(samples, bytes, Math.ceil(bits / 8), bigEndian);
    return integerCoding({ channels, bytes, bits, bigEndian, unsigned: bytes === 1, low });
  },
  0x03: (fields) => {
    const { channels, bits, bigEndian } = fields;
    if (bits !== 32 && bits !== 64) throw unsupported(fields, `floats of ${bits} bits`);
    sampleBytes(fields, bits);
    return floatCoding(bits, channels, bigEndian);
  },
  0x06: ({ channels }) => lawCoding('A', channels),
  0x07: ({ channels }) => lawCoding('mu', channels),
  0x02: (fields) => {
    const { channels, blockBytes, bytes } = fields;
    requireBlocks(fields, 7 * channels, 2);
    return msAdpcmCoding(blockBytes, channels, readWeights(bytes));
  },
  0x11: (fields) => {
    const { channels, blockBytes } = fields;
    requireBlocks(fields, 4 * channels, 255);
    return imaCoding(blockBytes, channels);
  },
  0x50: 'MPEG layer 2',
  0x55: 'MP3',
};

/** Reads a chunk `fmt `, with a look at the first samples (`WAVEFORMATEX`; `WAVE_FORMAT_EXTENSIBLE` as in Microsoft's "Multiple channel audio data and WAVE files"). */
export function readWaveFormat(
  bytes: Uint8Array,
  { container, bigEndian, samples }: Pick<Fields, 'container' | 'bigEndian' | 'samples'>,
): WaveFormat {
  const view = viewOf(bytes);
  const outer = bytes.length >= 16 ? view.getUint16(0, !bigEndian) : 0;
  const least = outer === EXTENSIBLE ? 40 : 16;
  if (bytes.length < least) {
    throw damagedHeader(container, `a chunk "fmt " of at least ${least} bytes`, `${bytes.length} bytes`);
  }
  const tag = outer === EXTENSIBLE ? view.getUint32(24, !bigEndian) & 0xffff : outer;
  const fields = {
    container,
    bigEndian,
    channels: view.getUint16(2, !bigEndian),
    blockBytes: view.getUint16(12, !bigEndian),
    bits: view.getUint16(14, !bigEndian),
    isExtensible: outer === EXTENSIBLE,
    bytes,
    samples,
  };
  const sampleRate = view.getUint32(4, !bigEndian);
  if (fields.isExtensible && !bigEndian && !isKnownSubFormat(bytes)) {
    throw unsupported(fields, 'a sub-format that has no format tag');
  }
  const coding = CODINGS[tag];
  if (!coding) throw unsupported(fields, WAVE_TAGS[tag] ?? `format tag ${tag}`);
  if (fields.channels === 0 || sampleRate === 0) {
    throw damagedHeader(
      container,
      'at least one channel and a sample rate above 0',
      `${fields.channels} channels at ${sampleRate} Hz`,
    );
  }
  if (typeof coding === 'string') return { channels: fields.channels, sampleRate, coding };
  return { channels: fields.channels, sampleRate, coding: coding(fields) };
}

function isKnownSubFormat(bytes: Uint8Array): boolean {
  const tail = Array.from(bytes.subarray(26, 40), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return TAILS.includes(tail);
}

/** Bytes of a sample, of which `bits` are used, the high ones: 12 bits stand in two bytes, 20 and 24 in three or four. */
function sampleBytes(fields: Fields, most: number): number {
  const { container, channels, blockBytes, bits } = fields;
  const least = Math.ceil(bits / 8);
  const bytes = blockBytes / channels;
  if (bits === 0 || bits > most) throw unsupported(fields, `samples of ${bits} bits`);
  if (!Number.isInteger(bytes) || bytes < least || bytes > most / 8) {
    throw damagedHeader(
      container,
      `blocks of ${least * channels} bytes (${channels} channels of ${bits} bits)`,
      `${blockBytes} bytes`,
    );
  }
  return bytes;
}

function requireBlocks(fields: Fields, headers: number, mostChannels: number): void {
  const { container, channels, blockBytes, bits } = fields;
  if (bits !== 4) throw unsupported(fields, `ADPCM of ${bits} bits`);
  if (channels > mostChannels) throw unsupported(fields, `ADPCM of ${channels} channels`);
  if (blockBytes < headers) {
    throw damagedHeader(
      container,
      `blocks of at least ${headers} bytes (${channels} channels of ADPCM)`,
      `${blockBytes} bytes`,
    );
  }
}

/** The weights of Microsoft ADPCM that a file brings; the usual ones where it brings none. */
function readWeights(bytes: Uint8Array): readonly (readonly [number, number])[] {
  const view = viewOf(bytes);
  const count = bytes.length >= 22 ? view.getUint16(20, true) : 0;
  if (count < MS_ADPCM_WEIGHTS.length || bytes.length < 22 + 4 * count) return MS_ADPCM_WEIGHTS;
  return Array.from({ length: count }, (_, i) => [view.getInt16(22 + 4 * i, true), view.getInt16(24 + 4 * i, true)]);
}

const READABLE = 'PCM, float, A-law, mu-law, ADPCM (IMA, Microsoft) or MP3';

function unsupported({ container }: Pick<Fields, 'container'>, what: string): AudioError {
  return unreadCoding(container, READABLE, what);
}
