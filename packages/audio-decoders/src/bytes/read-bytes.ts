import type { ByteReader } from '../audio-file.js';

/** The `length` bytes from `position` on; fewer at the end of what is read. */
export function readBytes(reader: ByteReader, position: number, length: number): Uint8Array {
  if (position < 0) return new Uint8Array(0);
  const bytes = new Uint8Array(Math.max(0, Math.min(length, reader.size - position)));
  return bytes.subarray(0, reader.read(position, bytes));
}

/** A view of the same bytes for numbers. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Reads `length` bytes from `offset` as Latin-1 text; shorter at the end. */
export function textAt(bytes: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + length));
}
