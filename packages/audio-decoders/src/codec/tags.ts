import type { ByteWindow } from './byte-window.js';

/** Where the content ends when tags stand behind it: ID3v1, APE and Lyrics3, in any order. */
export function contentEnd(file: ByteWindow, start: number): number {
  let end = file.size;
  for (;;) {
    if (end - start >= 128 && file.text(end - 128, 3) === 'TAG') {
      end -= 128;
      continue;
    }
    const ape = end - start >= 32 && file.text(end - 32, 8) === 'APETAGEX' ? file.view(end - 32, 32) : undefined;
    if (ape) {
      const size = ape.getUint32(12, true) + (ape.getUint32(20, true) & 0x80000000 ? 32 : 0);
      if (size >= 32 && size <= end - start) {
        end -= size;
        continue;
      }
    }
    if (end - start >= 15 && file.text(end - 9, 9) === 'LYRICS200') {
      const size = Number(file.text(end - 15, 6)) + 15;
      if (size <= end - start && file.text(end - size, 11) === 'LYRICSBEGIN') {
        end -= size;
        continue;
      }
    }
    return end;
  }
}

/** Whether bytes `from` to `to` are zeros, as padding is; looks at the first megabyte. */
export function isPadding(file: ByteWindow, from: number, to: number): boolean {
  const step = 1 << 16;
  for (let at = from; at < Math.min(to, from + 2 ** 20); at += step) {
    if (file.bytes(at, Math.min(step, to - at)).some((byte) => byte !== 0)) return false;
  }
  return true;
}
