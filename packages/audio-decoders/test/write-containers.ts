/** Writers of the containers, field by field as their specifications list them. */

export const ascii = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0));

/** A whole number of `bytes` bytes; -1 is all ones. */
export function whole(value: number | bigint, bytes: number, bigEndian: boolean): number[] {
  const little = Array.from({ length: bytes }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 255n));
  return bigEndian ? little.reverse() : little;
}

export const be16 = (value: number): number[] => whole(value, 2, true);
export const be32 = (value: number): number[] => whole(value, 4, true);
export const be64 = (value: number): number[] => whole(value, 8, true);
const le32 = (value: number): number[] => whole(value, 4, false);
const le64 = (value: number): number[] => whole(value, 8, false);

export function float64(value: number): number[] {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return [...new Uint8Array(view.buffer)];
}

/** A rate as a number of 80 bits. */
function extended(value: number): number[] {
  const exponent = Math.floor(Math.log2(value));
  return [...be16(16383 + exponent), ...whole(BigInt(value * 2 ** (52 - exponent)) << 11n, 8, true)];
}

export interface Sizes {
  readonly channels?: number;
  readonly sampleRate?: number;
  readonly bits?: number;
  readonly frames?: number;
  /** What the header says of the samples' bytes, where that is not the truth. */
  readonly declared?: number;
}

export function writeAiff(data: readonly number[], kind: string | undefined, options: Sizes = {}): Uint8Array {
  const { channels = 1, sampleRate = 16000, bits = 16, declared = data.length } = options;
  const frames = options.frames ?? data.length / ((channels * bits) / 8);
  const name = kind === undefined ? [] : [...ascii(kind), 3, ...ascii('abc')];
  const common = [...be16(channels), ...be32(frames), ...be16(bits), ...extended(sampleRate), ...name];
  const body = [
    ...ascii(kind === undefined ? 'AIFF' : 'AIFC'),
    ...ascii('COMM'), ...be32(common.length), ...common,
    ...ascii('NAME'), ...be32(3), ...ascii('odd'), 0,
    ...ascii('SSND'), ...be32(declared + 8), ...be32(0), ...be32(0), ...data,
  ]; // prettier-ignore
  return Uint8Array.from([...ascii('FORM'), ...be32(body.length), ...body]);
}

export function writeAu(data: readonly number[], encoding: number, options: Sizes = {}, bigEndian = true): Uint8Array {
  const { channels = 1, sampleRate = 16000, declared = data.length } = options;
  const comment = ascii('hello\0\0\0');
  const fields = [24 + comment.length, declared, encoding, sampleRate, channels];
  const header = fields.flatMap((field) => whole(field, 4, bigEndian));
  return Uint8Array.from([...ascii(bigEndian ? '.snd' : 'dns.'), ...header, ...comment, ...data]);
}

export interface CafFormat {
  readonly kind?: string;
  readonly flags?: number;
  readonly packet: number;
  readonly framesPerPacket?: number;
  readonly bits: number;
  /** Frames that the table of packets counts. */
  readonly validFrames?: number;
}

export function writeCaf(data: readonly number[], format: CafFormat, options: Sizes = {}): Uint8Array {
  const { channels = 1, sampleRate = 16000, declared = data.length } = options;
  const { kind = 'lpcm', flags = 0, packet, framesPerPacket = 1, bits, validFrames } = format;
  const fields = [flags, packet, framesPerPacket, channels, bits].flatMap(be32);
  const pakt =
    validFrames === undefined ? [] : [...ascii('pakt'), ...be64(24), ...be64(1), ...be64(validFrames), ...be64(0)];
  return Uint8Array.from([
    ...ascii('caff'), ...be16(1), ...be16(0),
    ...ascii('desc'), ...be64(32), ...float64(sampleRate), ...ascii(kind), ...fields,
    ...ascii('free'), ...be64(3), 1, 2, 3,
    ...pakt,
    ...ascii('data'), ...be64(declared < 0 ? -1 : declared + 4), ...be32(0), ...data,
  ]); // prettier-ignore
}

const wave = [...whole(0xacf3, 2, false), ...[0xd3, 0x11, 0x8c, 0xd1, 0x00, 0xc0, 0x4f, 0x8e, 0xdb, 0x8a]];
const riff = [0x2e, 0x91, 0xcf, 0x11, 0xa5, 0xd6, 0x28, 0xdb, 0x04, 0xc1, 0x00, 0x00];

/** Turns a WAV of one `fmt ` and one `data` into Wave64. */
export function toW64(wav: Uint8Array, declared?: number): Uint8Array {
  const format = [...wav.subarray(20, 36)];
  const data = [...wav.subarray(44)];
  const odd = [...ascii('junk'), ...wave, ...le64(24 + 3), 1, 2, 3, 0, 0, 0, 0, 0];
  const chunk = (id: string, content: number[]): number[] => [
    ...ascii(id),
    ...wave,
    ...le64(24 + content.length),
    ...content,
  ];
  const data64 = [...ascii('data'), ...wave, ...le64(declared ?? 24 + data.length), ...data];
  const body = [...ascii('wave'), ...wave, ...odd, ...chunk('fmt ', format), ...data64];
  return Uint8Array.from([...ascii('riff'), ...riff, ...le64(24 + body.length), ...body]);
}

/** Turns a WAV of one `fmt ` and one `data` into RF64 or BW64; `size` is what `ds64` says of the data. */
export function toRf64(wav: Uint8Array, id: 'RF64' | 'BW64', size = wav.length - 44): Uint8Array {
  const ds64 = [...ascii('ds64'), ...le32(28), ...le64(wav.length + 28), ...le64(size), ...le64(0), ...le32(0)];
  const format = wav.subarray(12, 36);
  const head = [...ascii(id), ...le32(-1), ...ascii('WAVE'), ...ds64, ...format, ...ascii('data'), ...le32(-1)];
  return Uint8Array.from([...head, ...wav.subarray(44)]);
}
