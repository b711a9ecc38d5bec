import { textAt } from '../bytes/read-bytes.js';

/** Tags that are skipped one behind the other: programs write one or two, and millions of empty ones would take minutes. */
const MOST = 64;

/** The length in bytes of the ID3v2 tags (id3.org, ID3v2.4 section 3.1) at `position`, 0 when there is none; they may claim to reach behind the end. */
export function id3Length(bytesAt: (position: number, length: number) => Uint8Array, position: number): number {
  let at = position;
  for (let count = 0; count < MOST; count++) {
    const header = bytesAt(at, 10);
    if (header.length < 10 || textAt(header, 0, 3) !== 'ID3' || header.subarray(6).some((byte) => byte > 127)) break;
    const footer = header[5]! & 0x10 ? 10 : 0;
    at += 10 + footer + ((header[6]! << 21) | (header[7]! << 14) | (header[8]! << 7) | header[9]!); // seven bits a byte
  }
  return at - position;
}
