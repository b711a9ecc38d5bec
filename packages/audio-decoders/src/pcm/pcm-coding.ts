import { frameCoding, type Coding } from './coding.js';
import { toHostOrder } from './swap-bytes.js';

/** Integers as they stand in a file. */
export interface IntegerLayout {
  /** Interleaved channels. */
  readonly channels: number;
  /** Bytes of one sample, 1 to 8. */
  readonly bytes: number;
  /** Bits that hold the sample, for its name; by default all of its bytes. */
  readonly bits?: number;
  /** Most significant byte first. */
  readonly bigEndian?: boolean;
  /** Zero stands at half of the range: WAV's 8-bit samples. */
  readonly unsigned?: boolean;
  /** The sample fills the low bits of its bytes, sign-extended, in place of the high ones. */
  readonly low?: boolean;
}

/** Integers of b bits, divided by 2^(b-1). Samples of fewer bits than their bytes hold are left-justified, unless `low`. */
export function integerCoding(layout: IntegerLayout): Coding {
  // What stands above the low bits, against what the header says, would be beyond full scale.
  return layout.low ? { ...codingOf(layout), unbounded: true } : codingOf(layout);
}

function codingOf(layout: IntegerLayout): Coding {
  const { channels, bytes: width, bits = 8 * width, bigEndian = false, unsigned = false, low = false } = layout;
  const name = `${bits}-bit${bits === 8 * width ? '' : ` in ${8 * width}`} PCM`;
  if (width === 1) {
    const zero = unsigned ? 128 : 0;
    const scale = 2 ** (1 - (low ? bits : 8));
    const values = Float32Array.from(
      { length: 256 },
      (_, byte) => (unsigned ? byte - zero : (byte << 24) >> 24) * scale,
    );
    return tableCoding(name, values, channels);
  }
  const scale = 2 ** (1 - (low ? bits : 8 * width));
  if (width === 2 || width === 4) {
    const Numbers = width === 2 ? Int16Array : Int32Array;
    return frameCoding(name, width * channels, (bytes, frames, out, at) => {
      toHostOrder(bytes, width, bigEndian);
      scatter(new Numbers(bytes.buffer as ArrayBuffer, bytes.byteOffset, frames * channels), scale, frames, out, at);
    });
  }
  const read = wideReader(width, bigEndian);
  return frameCoding(name, width * channels, (bytes, frames, out, at) => {
    out.forEach((samples, c) => {
      for (let i = 0, from = c * width; i < frames; i++, from += width * channels) {
        samples[at + i] = read(bytes, from) * scale;
      }
    });
  });
}

/** IEEE floats of 32 or 64 bits. */
export function floatCoding(bits: 32 | 64, channels: number, bigEndian: boolean): Coding {
  const Numbers = bits === 32 ? Float32Array : Float64Array;
  const coding = frameCoding(`${bits}-bit float`, (bits / 8) * channels, (bytes, frames, out, at) => {
    toHostOrder(bytes, bits / 8, bigEndian);
    scatter(new Numbers(bytes.buffer as ArrayBuffer, bytes.byteOffset, frames * channels), 1, frames, out, at);
  });
  return { ...coding, unbounded: true };
}

/** Samples of one byte, by a table of what each byte stands for. */
export function tableCoding(name: string, values: Float32Array, channels: number): Coding {
  return frameCoding(name, channels, (bytes, frames, out, at) => {
    out.forEach((samples, c) => {
      for (let i = 0, from = c; i < frames; i++, from += channels) samples[at + i] = values[bytes[from]!]!;
    });
  });
}

function scatter(
  numbers: Int16Array | Int32Array | Float32Array | Float64Array,
  scale: number,
  frames: number,
  out: readonly Float32Array[],
  at: number,
): void {
  const channels = out.length;
  out.forEach((samples, c) => {
    for (let i = 0, from = c; i < frames; i++, from += channels) samples[at + i] = numbers[from]! * scale;
  });
}

/** Reads a signed integer of 3 or of 5 to 8 bytes, beyond 53 bits rounded. */
function wideReader(width: number, bigEndian: boolean): (bytes: Uint8Array, from: number) => number {
  const step = bigEndian ? 1 : -1; // from the most significant byte on
  const first = bigEndian ? 0 : width - 1;
  if (width === 3) {
    return (bytes, from) => {
      const top = from + first;
      return ((bytes[top]! << 24) | (bytes[top + step]! << 16) | (bytes[top + 2 * step]! << 8)) >> 8;
    };
  }
  return (bytes, from) => {
    const top = from + first;
    let value = (bytes[top]! << 24) >> 24;
    for (let i = 1; i < width; i++) value = value * 256 + bytes[top + i * step]!;
    return value;
  };
}
