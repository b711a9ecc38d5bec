import type { ByteReader } from '../audio-file.js';

/** Bytes that are fetched at once: the headers of a file are many small reads that stand close together. */
const BLOCK = 16_384;

/** A reader that answers small reads from one block that it keeps, for sources where each read costs a call of the system. */
export function readAhead(source: ByteReader): ByteReader {
  const block = new Uint8Array(Math.min(BLOCK, source.size));
  let start = 0;
  let length = 0;
  return {
    size: source.size,
    read(position, target) {
      if (target.length >= block.length) return source.read(position, target);
      if (position < start || position + target.length > start + length) {
        start = position;
        length = source.read(position, block);
      }
      const found = block.subarray(position - start, Math.min(position - start + target.length, length));
      target.set(found);
      return found.length;
    },
    close: () => source.close?.(),
  };
}
