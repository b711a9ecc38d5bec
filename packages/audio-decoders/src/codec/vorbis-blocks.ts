/** Tells how long the packets of a Vorbis stream are (Vorbis I specification, sections 4.2 and 4.3) without decoding them. */
export class VorbisBlocks {
  readonly sampleRate: number;
  readonly channels: number;
  readonly #sizes: readonly [number, number];
  readonly #long: readonly boolean[]; // by mode
  /** Size of the block before the next packet; `undefined` when that does not follow one. */
  previous: number | undefined;

  /** From the identification and the setup header; throws a RangeError when they are none. */
  constructor(identification: Uint8Array, setup: Uint8Array) {
    const view = new DataView(identification.buffer, identification.byteOffset, identification.byteLength);
    this.channels = view.getUint8(11);
    this.sampleRate = view.getUint32(12, true);
    this.#sizes = [1 << (view.getUint8(28) & 15), 1 << (view.getUint8(28) >> 4)];
    this.#long = readModes(setup);
    if (this.channels === 0 || this.sampleRate === 0) throw new RangeError('a Vorbis header without channels or rate');
  }

  /** Samples that the packet completes: a quarter of the block before it and one of its own; 0 for the first. */
  frames(packet: Uint8Array): number {
    const first = packet[0];
    if (first === undefined || first & 1) return 0; // empty, or a header
    const bits = Math.ceil(Math.log2(this.#long.length));
    const mode = (first >> 1) & ((1 << bits) - 1);
    const size = this.#sizes[this.#long[mode] ? 1 : 0];
    const frames = this.previous === undefined ? 0 : (this.previous + size) / 4;
    this.previous = size;
    return frames;
  }
}

/**
 * The modes are the last thing in the setup header. What stands before them can only be understood by decoding all of the
 * codebooks, so they are read from the end: a set bit, then backwards for each mode 8 bits of mapping, 32 of zeros, and
 * the flag of a long block; before the first of them 6 bits count them.
 */
function readModes(setup: Uint8Array): boolean[] {
  let at = setup.length * 8 - 1;
  const bit = (place: number): number => ((setup[place >> 3] ?? 0) >> (place & 7)) & 1;
  const number = (place: number, bits: number): number => {
    let value = 0;
    for (let i = bits - 1; i >= 0; i--) value = value * 2 + bit(place + i);
    return value;
  };
  while (at > 0 && bit(at) === 0) at--;
  let best: boolean[] | undefined;
  const found: boolean[] = [];
  for (at -= 41; at > 96 && found.length < 64; at -= 41) {
    if (number(at + 33, 8) > 63 || number(at + 1, 16) !== 0 || number(at + 17, 16) !== 0) break;
    found.unshift(bit(at) === 1);
    // Chance can make a count right too early; the longest list that its count agrees with is the right one.
    if (number(at - 6, 6) + 1 === found.length) best = [...found];
  }
  if (!best) throw new RangeError('a Vorbis header without modes');
  return best;
}
