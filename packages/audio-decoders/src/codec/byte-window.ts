import type { ByteReader } from '../audio-file.js';

/** Read at once: large enough that calls do not count, small enough that a jump to an hour costs little. */
const CHUNK = 1 << 16;

/** Chunks kept: one where the packets are, and some where tables are. */
const KEPT = 8;

/** Reads a file by chunks and keeps the last few, so that a container can be taken apart by small reads. */
export class ByteWindow {
  readonly size: number;
  readonly #chunks = new Map<number, Uint8Array>();

  constructor(readonly reader: ByteReader) {
    this.size = reader.size;
  }

  /** The bytes from `position` on; fewer than `length` where the file ends. They do not change afterwards. */
  bytes(position: number, length: number): Uint8Array {
    const end = Math.min(this.size, position + length);
    if (!(position >= 0 && position < end)) return new Uint8Array(0);
    const first = Math.floor(position / CHUNK);
    const last = Math.floor((end - 1) / CHUNK);
    if (first === last) return this.#chunk(first).subarray(position - first * CHUNK, end - first * CHUNK);
    if (last - first >= KEPT) {
      const whole = new Uint8Array(end - position);
      return whole.subarray(0, this.reader.read(position, whole));
    }
    const joined = new Uint8Array(end - position);
    let filled = 0;
    for (let index = first; index <= last; index++) {
      const from = index === first ? position - first * CHUNK : 0;
      const part = this.#chunk(index).subarray(from, end - index * CHUNK);
      joined.set(part, filled);
      filled += part.length;
      if (from + part.length < CHUNK && index < last) break; // the file is shorter than it said
    }
    return joined.subarray(0, filled);
  }

  /** A view of the bytes from `position` on, or `undefined` when the file ends before `length`. */
  view(position: number, length: number): DataView | undefined {
    const bytes = this.bytes(position, length);
    return bytes.length === length ? new DataView(bytes.buffer, bytes.byteOffset, length) : undefined;
  }

  /** `length` characters of one byte each. */
  text(position: number, length: number): string {
    return String.fromCharCode(...this.bytes(position, length));
  }

  #chunk(index: number): Uint8Array {
    let chunk = this.#chunks.get(index);
    if (chunk) {
      this.#chunks.delete(index); // to the end of the order, which is that of use
    } else {
      const target = new Uint8Array(Math.min(CHUNK, this.size - index * CHUNK));
      chunk = target.subarray(0, this.reader.read(index * CHUNK, target));
      if (this.#chunks.size >= KEPT) this.#chunks.delete(this.#chunks.keys().next().value!);
    }
    this.#chunks.set(index, chunk);
    return chunk;
  }
}
