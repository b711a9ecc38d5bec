/** A frame of one sample over and over, which is given in 16 bits. */
export function flacFrame(number: number, frames: number, sample = 0): number[] {
  const frame = [...flacFrameHeader(number, frames), 0, (sample >> 8) & 255, sample & 255]; // one constant
  const sum = crc(frame, 16, 0x8005);
  return [...frame, sum >> 8, sum & 255];
}

function crc(bytes: readonly number[], bits: 8 | 16, polynomial: number): number {
  let value = 0;
  const top = 2 ** (bits - 1);
  for (const byte of bytes) {
    value ^= byte << (bits - 8);
    for (let i = 0; i < 8; i++) value = value & top ? ((value << 1) ^ polynomial) & (2 * top - 1) : value << 1;
  }
  return value;
}

const STREAMINFO = [0x80, 0, 0, 34, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0x0a, 0xc4, 0x40, 0xf0];

/** The header of a frame of so many samples, mono, 16 bits, 44.1 kHz. */
export function flacFrameHeader(number: number, frames: number): number[] {
  const digits: number[] = [];
  if (number < 0x80) digits.push(number);
  else if (number < 0x800) digits.push(0xc0 | (number >> 6), 0x80 | (number & 63));
  else if (number < 0x10000) digits.push(0xe0 | (number >> 12), 0x80 | ((number >> 6) & 63), 0x80 | (number & 63));
  else digits.push(0xf0 | (number >> 18), ...[12, 6, 0].map((shift) => 0x80 | ((number >> shift) & 63)));
  const header = [0xff, 0xf8, 0x79, 0x08, ...digits, (frames - 1) >> 8, (frames - 1) & 255];
  return [...header, crc(header, 8, 7)];
}

/** A file of such frames, of so many samples as its header says. */
export function flacFile(frames: number, body: readonly number[]): Uint8Array {
  const count = [
    0xf0 + Math.floor(frames / 2 ** 32),
    ...[24, 16, 8, 0].map((shift) => Math.floor(frames / 2 ** shift) % 256),
  ];
  return Uint8Array.from([
    0x66,
    0x4c,
    0x61,
    0x43,
    ...STREAMINFO.slice(0, -1),
    ...count,
    ...new Array<number>(16).fill(0),
    ...body,
  ]);
}
