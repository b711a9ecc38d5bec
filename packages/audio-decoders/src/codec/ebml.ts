import type { ByteWindow } from './byte-window.js';

/** An element of EBML (RFC 8794). */
export interface Element {
  readonly id: number;
  /** Where its content begins and ends; the end of one of unknown size is that of its parent, and `open` is set. */
  readonly start: number;
  readonly end: number;
  readonly open: boolean;
}

/** Reads a number of 1 to 8 bytes, whose length the leading zeros of the first say; `undefined` when cut. */
export function readVint(
  bytes: Uint8Array,
  at: number,
  keepMarker = false,
): { readonly value: number; readonly length: number; readonly unknown: boolean } | undefined {
  const first = bytes[at];
  if (first === undefined || first === 0) return undefined;
  const length = Math.clz32(first) - 23;
  if (at + length > bytes.length) return undefined;
  const marker = 0x80 >> (length - 1);
  let value = keepMarker ? first : first & (marker - 1);
  let ones = (first & (marker - 1)) === marker - 1;
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i]!;
    value = value * 256 + byte;
    ones &&= byte === 0xff;
  }
  return { value, length, unknown: ones };
}

/** The element at a position, within a parent that ends at `end`; `undefined` when there is none. */
export function readElement(file: ByteWindow, position: number, end: number): Element | undefined {
  const bytes = file.bytes(position, Math.min(12, end - position));
  const id = readVint(bytes, 0, true);
  if (!id || id.length > 4) return undefined;
  const size = readVint(bytes, id.length);
  if (!size) return undefined;
  const start = position + id.length + size.length;
  return { id: id.value, start, end: size.unknown ? end : start + size.value, open: size.unknown };
}

/** The elements inside another. */
export function* elements(
  file: ByteWindow,
  parent: { readonly start: number; readonly end: number },
): Generator<Element> {
  const end = Math.min(parent.end, file.size);
  for (let at = parent.start; at < end;) {
    const element = readElement(file, at, end);
    if (!element) return;
    yield element;
    at = element.end;
  }
}

/** A whole number of up to 8 bytes. */
export function readUnsigned(file: ByteWindow, { start, end }: Element): number {
  return file.bytes(start, Math.min(8, end - start)).reduce((value, byte) => value * 256 + byte, 0);
}

/** A whole number with a sign, of up to 8 bytes. */
export function readSigned(file: ByteWindow, element: Element): number {
  const bits = 8 * Math.min(8, element.end - element.start);
  const value = readUnsigned(file, element);
  return bits > 0 && value >= 2 ** (bits - 1) ? value - 2 ** bits : value;
}

/** A float of 4 or 8 bytes. */
export function readFloat(file: ByteWindow, { start, end }: Element): number {
  const view = file.view(start, end - start);
  if (view?.byteLength === 4) return view.getFloat32(0);
  return view?.byteLength === 8 ? view.getFloat64(0) : 0;
}
