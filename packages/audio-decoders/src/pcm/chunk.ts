import { AudioError } from '../audio-error.js';
import type { ByteReader } from '../audio-file.js';
import { readBytes, textAt, viewOf } from '../bytes/read-bytes.js';

/** A named part of a container. */
export interface Chunk {
  /** Four letters. */
  readonly id: string;
  /** Where its content starts, in bytes. */
  readonly start: number;
  /** Bytes of its content, as its header says. */
  readonly length: number;
}

/** How a container writes the headers of its chunks. */
export interface ChunkShape {
  /** Bytes of a header. */
  readonly header: number;
  /** Chunks start at multiples of this. */
  readonly align: number;
  /** Bytes of content, from a header. */
  length(header: DataView): number;
}

/** RIFF and its kin: four letters and 32 bits, at even places. */
export function riffShape(bigEndian: boolean): ChunkShape {
  return { header: 8, align: 2, length: (header) => header.getUint32(4, !bigEndian) };
}

/** Chunks that stand where a pad byte was left out are known by their names. */
const KNOWN = new Set(
  'fmt |data|fact|LIST|bext|cue |smpl|inst|id3 |ID3 |PEAK|JUNK|junk|PAD |FLLR|iXML|axml|chna|cart|minf|elm1|umid|DISP|COMM|SSND|NAME|AUTH|(c) |ANNO|MARK|INST|APPL|FVER|CHAN'.split(
    '|',
  ),
);

/** More chunks than that no program writes: a file of them is made to keep a reader busy. */
const MOST = 10_000;

/** So many may stand behind the samples: each chunk `data` may be looked behind. */
const BEHIND = 100;

/** The chunks from `at` on. One whose header is not whole ends them; one whose content is not does not. */
export function* chunksOf(reader: ByteReader, at: number, shape: ChunkShape): Generator<Chunk> {
  for (let count = 0, chunk = chunkAt(reader, at, shape); chunk; chunk = after(reader, chunk, shape), count++) {
    if (count === MOST) {
      throw new AudioError(
        `openAudio: expected at most ${MOST} chunks in the file, got more; it is damaged, fetch it again`,
        'damaged',
      );
    }
    yield chunk;
  }
}

/** Whether chunks fill the file from `at` to its end. */
export function isAllChunks(reader: ByteReader, at: number, shape: ChunkShape): boolean {
  let end = at;
  for (let count = 0, chunk = chunkAt(reader, at, shape); chunk; chunk = after(reader, chunk, shape), count++) {
    if (count === BEHIND || !isWord(chunk.id) || chunk.start + chunk.length > reader.size) return false;
    end = chunk.start + chunk.length;
  }
  return end > at && reader.size - end < shape.align;
}

function chunkAt(reader: ByteReader, at: number, shape: ChunkShape): Chunk | undefined {
  const header = readBytes(reader, at, shape.header);
  if (header.length < shape.header) return undefined;
  // Whatever stands there may end up in a message.
  return {
    id: textAt(header, 0, 4).replace(/[^\x20-\x7e]/g, '?'),
    start: at + shape.header,
    length: shape.length(viewOf(header)),
  };
}

/** The chunk behind `chunk`: after its pad byte, or without one where a known name stands there; or a few bytes further on. */
function after(reader: ByteReader, { start, length }: Chunk, shape: ChunkShape): Chunk | undefined {
  const end = start + Math.max(0, length);
  const padded = Math.ceil(end / shape.align) * shape.align;
  const regular = chunkAt(reader, padded, shape);
  if (regular && KNOWN.has(regular.id)) return regular;
  // A pad byte was left out, or, where no name stands at all, the size is off by a few bytes.
  const reach = regular && isWord(regular.id) ? 0 : 16;
  const nearby = textAt(readBytes(reader, end, reach + 4), 0, reach + 4);
  for (let offset = 0; offset <= reach; offset++) {
    if (KNOWN.has(nearby.slice(offset, offset + 4))) return chunkAt(reader, end + offset, shape);
  }
  return regular;
}

function isWord(id: string): boolean {
  return /^[^?]{4}$/.test(id);
}
