import type { AudioData } from './audio-data.js';
import { requireFinite } from './require-finite.js';
import { readText } from './sniff-format.js';

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;

/** Codings that are refused by name (the format tags of Microsoft's mmreg.h). */
const REFUSED: Readonly<Record<number, string>> = {
  0x02: 'Microsoft ADPCM',
  0x06: 'A-law',
  0x07: 'mu-law',
  0x11: 'IMA ADPCM',
  0x31: 'GSM 6.10',
  0x50: 'MPEG layer 2',
  0x55: 'MP3',
  0x161: 'Windows Media Audio',
};

// Float samples may go beyond full scale, but not so far: one value of 1e38 would set the statistics of a whole data set.
const LARGEST = 1e4;

/** Reads one sample at a byte offset, scaled to ±1. */
type ReadSample = (view: DataView, at: number) => number;

const READERS: Readonly<Record<number, Readonly<Record<number, ReadSample>>>> = {
  [PCM]: {
    1: (view, at) => (view.getUint8(at) - 128) / 2 ** 7, // 8-bit samples alone are unsigned
    2: (view, at) => view.getInt16(at, true) / 2 ** 15,
    3: (view, at) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 2 ** 23,
    4: (view, at) => view.getInt32(at, true) / 2 ** 31,
  },
  [FLOAT]: {
    4: (view, at) => view.getFloat32(at, true),
    8: (view, at) => view.getFloat64(at, true),
  },
};

/**
 * Decodes a RIFF/WAVE file (Microsoft and IBM, Multimedia Programming Interface and Data Specifications 1.0, 1991;
 * `WAVE_FORMAT_EXTENSIBLE` as in Microsoft's "Multiple channel audio data and WAVE files").
 */
export function decodeWav(bytes: Uint8Array): AudioData {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { format, data } = findChunks(bytes, view);
  const { read, channels: count, sampleRate, sampleBytes, tag } = readFormat(view, format);
  const frameBytes = sampleBytes * count;
  const length = Math.floor(data.length / frameBytes);
  if (length === 0)
    throw new Error('decodeAudio: expected samples, got a WAV file without any; the recording is empty');
  const channels = Array.from({ length: count }, (_, channel) => {
    const samples = new Float32Array(length);
    let at = data.start + channel * sampleBytes;
    for (let i = 0; i < length; i++, at += frameBytes) samples[i] = read(view, at);
    requireFinite(`decodeAudio: channel ${channel}`, samples);
    if (tag === FLOAT) requireNotAbsurd(channel, samples);
    return samples;
  });
  return { channels, sampleRate };
}

function requireNotAbsurd(channel: number, samples: Float32Array): void {
  for (let i = 0; i < samples.length; i++) {
    if (Math.abs(samples[i]!) <= LARGEST) continue;
    throw new RangeError(
      `decodeAudio: channel ${channel}: expected samples within ±${LARGEST}, where full scale is ±1, got ${samples[i]} at sample ${i}; the recording is damaged, repair or leave it out`,
    );
  }
}

interface Chunk {
  readonly start: number;
  readonly length: number;
}

function findChunks(bytes: Uint8Array, view: DataView): { readonly format: Chunk; readonly data: Chunk } {
  let format: Chunk | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const id = readText(bytes, at, 4);
    const declared = view.getUint32(at + 4, true);
    const start = at + 8;
    const rest = bytes.length - start;
    // A program that writes to a pipe can't know the length and leaves all ones: the data continue to the end of the file.
    const length = id === 'data' && declared === 0xffffffff ? rest : declared;
    if (id === 'fmt ' || id === 'data') {
      if (length > rest) {
        throw new Error(
          `decodeAudio: expected ${length} bytes in the chunk "${id}" of the WAV file, got ${rest}; the file is truncated, fetch it again`,
        );
      }
      if (id === 'fmt ') format = { start, length };
      else if (format) return { format, data: { start, length } };
    }
    at = start + length + (length % 2); // chunks start at even offsets
  }
  throw new Error(
    `decodeAudio: expected the chunks "fmt " and "data" in the WAV file, got no "${format ? 'data' : 'fmt '}" before its end; the file is truncated or damaged, fetch it again`,
  );
}

interface SampleFormat {
  readonly tag: number;
  readonly read: ReadSample;
  readonly channels: number;
  readonly sampleRate: number;
  readonly sampleBytes: number;
}

function readFormat(view: DataView, { start, length }: Chunk): SampleFormat {
  const outer = length >= 16 ? view.getUint16(start, true) : 0;
  if (length < 16 || (outer === EXTENSIBLE && length < 40)) {
    throw new Error(
      `decodeAudio: expected a chunk "fmt " of at least ${outer === EXTENSIBLE ? 40 : 16} bytes in the WAV file, got ${length}; the file is damaged, fetch it again`,
    );
  }
  // In the extensible form the sub-format's GUID starts with the tag.
  const tag = outer === EXTENSIBLE ? view.getUint16(start + 24, true) : outer;
  const channels = view.getUint16(start + 2, true);
  const sampleRate = view.getUint32(start + 4, true);
  const frameBytes = view.getUint16(start + 12, true);
  const bits = view.getUint16(start + 14, true);
  const readers = READERS[tag];
  if (!readers) {
    throw new Error(
      `decodeAudio: expected a WAV file with PCM or float samples, got ${REFUSED[tag] ?? `format tag ${tag}`}; convert it to 16-bit PCM`,
    );
  }
  if (channels === 0 || sampleRate === 0) {
    throw new Error(
      `decodeAudio: expected at least one channel and a sample rate above 0 in the WAV file, got ${channels} channels at ${sampleRate} Hz; the header is damaged`,
    );
  }
  // Samples stand left-justified in whole bytes: 12 bits are read as 16.
  const sampleBytes = Math.ceil(bits / 8);
  const read = readers[sampleBytes];
  if (!read) {
    throw new Error(
      `decodeAudio: expected ${tag === PCM ? '8, 16, 24 or 32' : '32 or 64'} bits a sample in the WAV file, got ${bits}; convert it to 16-bit PCM`,
    );
  }
  // Samples in larger containers: the specification doesn't say which bytes of them hold the sample, and writers differ.
  if (frameBytes !== channels * sampleBytes) {
    throw new Error(
      `decodeAudio: expected a block of ${channels * sampleBytes} bytes in the WAV file (${channels} channels of ${bits} bits), got ${frameBytes}; convert it to 16-bit PCM`,
    );
  }
  return { tag, read, channels, sampleRate, sampleBytes };
}
