import type { ByteWindow } from './byte-window.js';

/** A page of Ogg (RFC 3533, section 6). */
export interface OggPage {
  readonly position: number;
  /** Bytes with its header. */
  readonly size: number;
  readonly serial: number;
  readonly sequence: number;
  /** Granule position: what a coding counts, at the end of the page; `undefined` when no packet ends on it. */
  readonly granule: number | undefined;
  readonly continued: boolean;
  readonly first: boolean;
  readonly last: boolean;
  /** Lengths of the stretches of packets; one of 255 goes on in the next. */
  readonly segments: Uint8Array;
  readonly bodyAt: number;
}

/** The largest page: its header, 255 lengths and as many stretches of 255 bytes. */
export const LARGEST_PAGE = 27 + 255 + 255 * 255;

/**
 * Reads the page at a position; `undefined` when there is none, `'cut'` when the file ends within it, `'damaged'` when its
 * checksum does not come out.
 */
export function readPage(file: ByteWindow, position: number): OggPage | 'cut' | 'damaged' | undefined {
  const header = file.view(position, 27);
  if (!header)
    return file.text(position, 4) === 'OggS'.slice(0, file.size - position) && position < file.size ? 'cut' : undefined;
  if (header.getUint32(0) !== 0x4f676753 || header.getUint8(4) !== 0) return undefined;
  const count = header.getUint8(26);
  const segments = file.bytes(position + 27, count);
  const body = segments.reduce((sum, length) => sum + length, 0);
  const size = 27 + count + body;
  if (position + size > file.size) return 'cut';
  if (checksum(file.bytes(position, size)) !== header.getUint32(22, true)) return 'damaged';
  const flags = header.getUint8(5);
  const low = header.getUint32(6, true);
  const high = header.getInt32(10, true);
  return {
    position,
    size,
    serial: header.getUint32(14, true),
    sequence: header.getUint32(18, true),
    granule: low === 0xffffffff && high === -1 ? undefined : high * 2 ** 32 + low,
    continued: (flags & 1) !== 0,
    first: (flags & 2) !== 0,
    last: (flags & 4) !== 0,
    segments,
    bodyAt: position + 27 + count,
  };
}

/** The first whole page from `from` on that begins before `to`. */
export function findPage(file: ByteWindow, from: number, to: number): OggPage | undefined {
  const step = 1 << 15;
  for (let at = from; at < to; at += step) {
    const bytes = file.bytes(at, step + 3);
    for (let i = bytes.indexOf(0x4f); i >= 0 && i < step && at + i < to; i = bytes.indexOf(0x4f, i + 1)) {
      if (bytes[i + 1] !== 0x67 || bytes[i + 2] !== 0x67 || bytes[i + 3] !== 0x53) continue;
      const page = readPage(file, at + i);
      if (typeof page === 'object') return page;
    }
  }
  return undefined;
}

/** Four tables, so that four bytes go in a step. */
const TABLES = ((): Int32Array => {
  const tables = new Int32Array(4 * 256);
  for (let i = 0; i < 256; i++) {
    let value = i << 24;
    for (let bit = 0; bit < 8; bit++) value = value < 0 ? (value << 1) ^ 0x04c11db7 : value << 1;
    tables[i] = value;
  }
  for (let i = 256; i < 1024; i++) {
    const before = tables[i - 256]!;
    tables[i] = (before << 8) ^ tables[before >>> 24]!;
  }
  return tables;
})();

/** The CRC-32 of a page, its own field counting as zeros. */
function checksum(page: Uint8Array): number {
  let crc = 0;
  const byte = (value: number): void => {
    crc = (crc << 8) ^ TABLES[(crc >>> 24) ^ value]!;
  };
  for (let at = 0; at < 27; at++) byte(at >= 22 && at < 26 ? 0 : page[at]!);
  let at = 27;
  for (const end = page.length - 3; at < end; at += 4) {
    crc ^= (page[at]! << 24) | (page[at + 1]! << 16) | (page[at + 2]! << 8) | page[at + 3]!;
    crc =
      TABLES[768 + (crc >>> 24)]! ^
      TABLES[512 + ((crc >>> 16) & 255)]! ^
      TABLES[256 + ((crc >>> 8) & 255)]! ^
      TABLES[crc & 255]!;
  }
  for (; at < page.length; at++) byte(page[at]!);
  return crc >>> 0;
}
