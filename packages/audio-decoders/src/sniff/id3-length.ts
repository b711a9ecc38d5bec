import { textAt } from '../bytes/read-bytes.js';

/** The length in bytes of an ID3v2 tag (id3.org, ID3v2.4 section 3.1) at `at`, else 0. */
export function id3Length(bytes: Uint8Array, at = 0): number {
  const header = bytes.subarray(at, at + 10);
  if (header.length < 10 || textAt(header, 0, 3) !== 'ID3' || header.subarray(6).some((byte) => byte > 127)) return 0;
  const footer = header[5]! & 0x10 ? 10 : 0;
  return 10 + footer + ((header[6]! << 21) | (header[7]! << 14) | (header[8]! << 7) | header[9]!); // seven bits a byte
}
