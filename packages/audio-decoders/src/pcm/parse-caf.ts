import type { ByteReader } from '../audio-file.js';
import { readBytes, textAt, viewOf } from '../bytes/read-bytes.js';
import { chunksOf, isAllChunks, type Chunk, type ChunkShape } from './chunk.js';
import type { Coding } from './coding.js';
import { damagedHeader, truncatedHeader, unreadCoding } from './header-errors.js';
import { ima4Coding } from './ima4-coding.js';
import { lawCoding } from './law-coding.js';
import { floatCoding, integerCoding } from './pcm-coding.js';
import type { CodedSound, PcmSound } from './pcm-sound.js';

const shape: ChunkShape = { header: 12, align: 1, length: (header) => Number(header.getBigInt64(4)) };

/** Core Audio Format 1.0 (Apple, 2006). What is not PCM goes to the decoder module whole. */
export function parseCaf(reader: ByteReader): PcmSound | CodedSound {
  let description: Uint8Array | undefined;
  let packets: Uint8Array | undefined;
  let data: Chunk | undefined;
  for (const chunk of chunksOf(reader, 8, shape)) {
    if (chunk.id === 'desc') description = readBytes(reader, chunk.start, 32);
    if (chunk.id === 'pakt') packets = readBytes(reader, chunk.start, 24);
    if (chunk.id === 'data') data = chunk;
    if (chunk.length < 0) break; // it goes on to the end of the file
  }
  if (!description || description.length < 32) throw truncatedHeader('CAF', 'a chunk "desc" of 32 bytes', 'less');
  const view = viewOf(description);
  const kind = textAt(description, 8, 4);
  const channels = view.getUint32(24);
  const coding = codingOf(kind, channels, view);
  if (!coding) return { container: 'CAF', coded: reader };
  if (!data) throw truncatedHeader('CAF', 'a chunk "data"', 'none');
  const edits = 4; // bytes of a count that stands before the samples
  return {
    container: 'CAF',
    sampleRate: Math.round(view.getFloat64(0)),
    channels,
    coding,
    start: data.start + edits,
    length: isOpen(reader, data) ? Infinity : Math.max(0, data.length - edits),
    frames: coding.blockFrames > 1 ? validFrames(packets) : undefined,
  };
}

/** A size of -1 says so; one of 0 was to be filled in, unless other chunks follow. */
function isOpen(reader: ByteReader, { start, length }: Chunk): boolean {
  return length < 0 || (length <= 4 && start + length < reader.size && !isAllChunks(reader, start + length, shape));
}

/** Frames that the table of packets counts. */
function validFrames(packets: Uint8Array | undefined): number | undefined {
  if (!packets || packets.length < 24) return undefined;
  const frames = Number(viewOf(packets).getBigInt64(8));
  return frames > 0 && Number.isSafeInteger(frames) ? frames : undefined;
}

function codingOf(kind: string, channels: number, view: DataView): Coding | undefined {
  if (!['lpcm', 'alaw', 'ulaw', 'ima4'].includes(kind)) return undefined;
  if (channels === 0 || channels > 65_535) throw damagedHeader('CAF', '1 to 65535 channels', `${channels}`);
  if (kind === 'alaw') return lawCoding('A', channels);
  if (kind === 'ulaw') return lawCoding('mu', channels);
  if (kind === 'ima4') return ima4Coding(channels);
  const flags = view.getUint32(12);
  const bigEndian = (flags & 2) === 0;
  const bytes = view.getUint32(16) / channels;
  const bits = view.getUint32(28);
  if (flags & 1) {
    if ((bits !== 32 && bits !== 64) || bytes !== bits / 8)
      throw unreadCoding('CAF', READABLE, `floats of ${bits} bits`);
    return floatCoding(bits, channels, bigEndian);
  }
  if (bits === 0 || bits > 64) throw unreadCoding('CAF', READABLE, `samples of ${bits} bits`);
  if (!Number.isInteger(bytes) || bytes < bits / 8 || bytes > 8) {
    throw damagedHeader('CAF', `packets of ${Math.ceil(bits / 8) * channels} bytes`, `${bytes * channels}`);
  }
  return integerCoding({ channels, bytes, bits, bigEndian });
}

const READABLE = 'PCM, float, A-law, mu-law, IMA ADPCM, ALAC, AAC, MP3 or Opus';
