import type { ByteReader } from '../audio-file.js';
import { partOf } from '../bytes/part-of.js';
import { readBytes, viewOf } from '../bytes/read-bytes.js';
import { chunksOf, isAllChunks, riffShape, type Chunk, type ChunkShape } from './chunk.js';
import { truncatedHeader } from './header-errors.js';
import { isLeftOpen } from './left-open.js';
import type { CodedSound, PcmSound } from './pcm-sound.js';
import { readWaveFormat } from './wave-format.js';

/** A kind of WAV. */
interface WaveKind {
  readonly container: string;
  readonly shape: ChunkShape;
  /** Where the first chunk stands. */
  readonly first: number;
  readonly bigEndian: boolean;
}

const riff: WaveKind = { container: 'WAV', shape: riffShape(false), first: 12, bigEndian: false };

/** Chunks are named by 16 bytes, whose first four are letters; a size of 64 bits counts its header in. */
const w64Shape: ChunkShape = { header: 24, align: 8, length: (header) => Number(header.getBigUint64(16, true)) - 24 };

/** RIFF/WAVE (Microsoft and IBM, Multimedia Programming Interface and Data Specifications 1.0, 1991). */
export const parseWav = (reader: ByteReader): PcmSound | CodedSound => parseWave(reader, riff);

/** RIFF/WAVE with the most significant bytes first. */
export const parseRifx = (reader: ByteReader): PcmSound | CodedSound =>
  parseWave(reader, { ...riff, container: 'RIFX', shape: riffShape(true), bigEndian: true });

/** WAV of more than 4 GiB (EBU Tech 3306). */
export const parseRf64 = (reader: ByteReader): PcmSound | CodedSound =>
  parseWave(reader, { ...riff, container: 'RF64' });

/** WAV of more than 4 GiB (ITU-R BS.2088). */
export const parseBw64 = (reader: ByteReader): PcmSound | CodedSound =>
  parseWave(reader, { ...riff, container: 'BW64' });

/** Sony Wave64. */
export const parseW64 = (reader: ByteReader): PcmSound | CodedSound =>
  parseWave(reader, { container: 'W64', shape: w64Shape, first: 40, bigEndian: false });

function parseWave(reader: ByteReader, kind: WaveKind): PcmSound | CodedSound {
  const { container, shape, first, bigEndian } = kind;
  let format: Chunk | undefined;
  let data: Chunk | undefined;
  let largeData: number | undefined;
  let count: number | undefined;
  for (const chunk of chunksOf(reader, first, shape)) {
    const { id, start, length } = chunk;
    if (id === 'data') {
      const found = { ...chunk, length: dataLength(reader, kind, chunk, largeData) };
      if (!data || data.length === 0) data = found;
      if (data.length === Infinity) break;
    } else if (start + length > reader.size && !data) {
      throw truncatedHeader(container, `${length} bytes in the chunk ${JSON.stringify(id)}`, `${reader.size - start}`);
    } else if (id === 'fmt ') {
      format = chunk;
    } else if (id === 'ds64' && length >= 16) {
      largeData = Number(viewOf(readBytes(reader, start + 8, 8)).getBigUint64(0, true));
    } else if (id === 'fact' && length >= 4) {
      count = viewOf(readBytes(reader, start, 4)).getUint32(0, !bigEndian);
    }
    if (format && data && data.length > 0) break;
  }
  if (!format || !data) {
    const lacking = format ? 'data' : 'fmt ';
    throw truncatedHeader(container, 'the chunks "fmt " and "data"', `no "${lacking}" before its end`);
  }
  const { coding, ...sound } = readWaveFormat(readBytes(reader, format.start, Math.min(format.length, 4096)), {
    container,
    bigEndian,
    samples: readBytes(reader, data.start, Math.min(data.length, 4096)),
  });
  if (typeof coding === 'string') {
    return {
      container,
      coded: partOf(reader, data.start, Math.min(data.length, reader.size - data.start)),
      name: coding,
    };
  }
  const held = coding.framesIn(data.length);
  // The last block is filled up; other differences are counts that are wrong.
  const padded = count !== undefined && coding.blockFrames > 1 && count < held && count > held - 2 * coding.blockFrames;
  return { container, ...sound, coding, start: data.start, length: data.length, frames: padded ? count : undefined };
}

/** The bytes of samples that a data chunk declares; Infinity where its writer left that open. */
function dataLength(
  reader: ByteReader,
  { shape, container }: WaveKind,
  { start, length }: Chunk,
  large?: number,
): number {
  const rest = reader.size - start;
  if (container === 'W64') return length <= 0 || length > Number.MAX_SAFE_INTEGER ? Infinity : length;
  if (length === 0xffffffff && large) return large > Number.MAX_SAFE_INTEGER ? Infinity : large;
  if (length === 0) return rest === 0 || isAllChunks(reader, start, shape) ? 0 : Infinity;
  const total = viewOf(readBytes(reader, 4, 4)).getUint32(0, true);
  if (length > rest) return isLeftOpen(length) || total === 0 || total === 0xffffffff ? Infinity : length;
  if (isLeftOpen(length) && length < rest && !isAllChunks(reader, start + length + (length % 2), shape))
    return Infinity;
  // A size of 32 bits starts at 0 again after 4 GiB.
  return length + Math.floor((rest - length) / 2 ** 32) * 2 ** 32;
}
