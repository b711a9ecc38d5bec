import type { ByteReader } from '../audio-file.js';

/** A part of what `whole` reads, as a reader of its own. Who opened the whole closes it. */
export function partOf(whole: ByteReader, start: number, length = whole.size - start): ByteReader {
  const size = Math.max(0, Math.min(length, whole.size - start));
  return {
    size,
    read(position, target) {
      const wanted = Math.max(0, Math.min(target.length, size - position));
      return wanted === 0 ? 0 : whole.read(start + position, target.subarray(0, wanted));
    },
  };
}
