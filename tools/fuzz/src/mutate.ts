import type { Random } from './random.js';

type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array;

/** Numbers that headers are not made for. */
const EXTREMES = [0n, 1n, -1n, 2n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0xffffn, 0x7fffffffn, 0x80000000n, 0xffffffffn, 1n << 62n, -(1n << 63n)]; // prettier-ignore

/** Names that mean something to one container or another. */
const NAMES = ['data', 'fmt ', 'LIST', 'fact', 'ds64', 'COMM', 'SSND', 'desc', 'pakt', 'moov', 'mdat', 'stsz', 'OggS', 'fLaC', 'ID3\x04', 'TAG ']; // prettier-ignore

/** A place, more often than not within the headers. */
const place = (bytes: Uint8Array, random: Random): number =>
  random.below(random.below(3) === 0 ? bytes.length : Math.min(bytes.length, 512));

/** A short stretch, or now and then a long one. */
const stretch = (bytes: Uint8Array, random: Random): number =>
  1 + random.below(random.below(4) === 0 ? bytes.length : 64);

const joined = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

/** Overwrites a field of a header, of 1 to 8 bytes in either order. */
const overwriteField: Mutation = (bytes, random) => {
  const width = random.pick([1, 2, 3, 4, 4, 8]);
  const value = random.below(8) === 0 ? BigInt(bytes.length) : random.pick(EXTREMES);
  const at = place(bytes, random);
  const isBig = random.below(2) === 0;
  for (let i = 0; i < width && at + i < bytes.length; i++) {
    bytes[at + i] = Number((value >> BigInt(8 * (isBig ? width - 1 - i : i))) & 255n);
  }
  return bytes;
};

const MUTATIONS: readonly Mutation[] = [
  // bits
  (bytes, random) => {
    for (let count = 1 + random.below(8); count > 0; count--) bytes[place(bytes, random)]! ^= 1 << random.below(8);
    return bytes;
  },
  // numbers are what headers are made of
  overwriteField,
  overwriteField,
  overwriteField,
  // names of chunks
  (bytes, random) => {
    const name = random.pick(NAMES);
    const at = place(bytes, random);
    for (let i = 0; i < 4 && at + i < bytes.length; i++) bytes[at + i] = name.charCodeAt(i);
    return bytes;
  },
  // a stretch of noise or zeros
  (bytes, random) => {
    const at = place(bytes, random);
    const end = Math.min(bytes.length, at + stretch(bytes, random));
    const isNoise = random.below(2) === 0;
    for (let i = at; i < end; i++) bytes[i] = isNoise ? random.below(256) : 0;
    return bytes;
  },
  // the end is missing
  (bytes, random) => bytes.slice(0, random.below(bytes.length)),
  // a stretch is missing
  (bytes, random) => {
    const at = place(bytes, random);
    return joined(bytes.subarray(0, at), bytes.subarray(at + stretch(bytes, random)));
  },
  // something was put in
  (bytes, random) => {
    const at = random.below(4) === 0 ? bytes.length : place(bytes, random);
    const noise = Uint8Array.from({ length: stretch(bytes, random) }, () => random.below(256));
    return joined(bytes.subarray(0, at), random.below(2) === 0 ? noise : noise.fill(0), bytes.subarray(at));
  },
  // a stretch stands twice
  (bytes, random) => {
    const at = place(bytes, random);
    const end = at + stretch(bytes, random);
    return joined(bytes.subarray(0, end), bytes.subarray(at));
  },
  // two stretches changed places
  (bytes, random) => {
    const [a, b, c, d] = Array.from({ length: 4 }, () => place(bytes, random)).sort((x, y) => x - y) as [number, number, number, number]; // prettier-ignore
    return joined(
      bytes.subarray(0, a),
      bytes.subarray(c, d),
      bytes.subarray(b, c),
      bytes.subarray(a, b),
      bytes.subarray(d),
    );
  },
];

/** A copy of a file with one to three things wrong. */
export function mutate(original: Uint8Array, random: Random): Uint8Array {
  let bytes: Uint8Array = original.slice();
  for (let count = 1 + random.below(3); count > 0 && bytes.length > 0; count--) {
    bytes = random.pick(MUTATIONS)(bytes, random);
  }
  return bytes;
}
