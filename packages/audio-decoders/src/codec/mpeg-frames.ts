/** The header of a frame of MPEG audio, layers 1 to 3 (ISO/IEC 11172-3, 13818-3 and the unofficial 2.5). */
export interface MpegHeader {
  readonly layer: 1 | 2 | 3;
  /** 1, or 2 for both halved rates. */
  readonly version: 1 | 2;
  /** Samples per second, in Hz. */
  readonly sampleRate: number;
  readonly channels: 1 | 2;
  /** Bytes of the frame with its header. */
  readonly size: number;
  /** Samples a channel. */
  readonly frames: number;
  /** A checksum of 16 bits stands behind the header. */
  readonly protected: boolean;
  /** Bytes of side information in layer 3. */
  readonly sideInfo: number;
}

const BIT_RATES: Readonly<Record<string, readonly number[]>> = {
  '1/1': [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  '1/2': [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  '1/3': [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  '2/1': [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  '2/2': [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
};
const SAMPLE_RATES = [44_100, 48_000, 32_000];

/** Reads the four bytes at `at`; `undefined` when they are no header. `'free'`: of free format, which has no bit rate. */
export function readMpegHeader(bytes: Uint8Array, at = 0): MpegHeader | 'free' | undefined {
  const [b0, b1, b2, b3] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  if (b0 !== 0xff || b3 === undefined || (b1! & 0xe0) !== 0xe0) return undefined;
  const versionCode = (b1! >> 3) & 3; // 0 is 2.5, 2 is 2, 3 is 1
  const layerCode = (b1! >> 1) & 3;
  const rateIndex = b2! >> 4;
  const base = SAMPLE_RATES[(b2! >> 2) & 3];
  if (versionCode === 1 || layerCode === 0 || rateIndex === 15 || base === undefined || (b3 & 3) === 2)
    return undefined;
  if (rateIndex === 0) return 'free';
  const layer = (4 - layerCode) as 1 | 2 | 3;
  const version = versionCode === 3 ? 1 : 2;
  const sampleRate = versionCode === 3 ? base : versionCode === 2 ? base / 2 : base / 4;
  const bitRate = 1000 * BIT_RATES[`${version}/${version === 2 && layer === 3 ? 2 : layer}`]![rateIndex - 1]!;
  const padding = (b2! >> 1) & 1;
  const channels = b3 >> 6 === 3 ? 1 : 2;
  const frames = layer === 1 ? 384 : layer === 3 && version === 2 ? 576 : 1152;
  const size =
    layer === 1
      ? 4 * (Math.floor((12 * bitRate) / sampleRate) + padding)
      : Math.floor(((frames / 8) * bitRate) / sampleRate) + padding;
  const sideInfo = version === 1 ? (channels === 1 ? 17 : 32) : channels === 1 ? 9 : 17;
  return { layer, version, sampleRate, channels, size, frames, protected: (b1! & 1) === 0, sideInfo };
}

/** Whether two frames can be of one stream; the bit rate and the way of stereo may change. */
export function sameStream(a: MpegHeader, b: MpegHeader): boolean {
  return a.layer === b.layer && a.sampleRate === b.sampleRate && a.channels === b.channels;
}

/** Whether the checksum of a frame of layer 3 comes out; true where it has none. */
export function mpegChecksumHolds(header: MpegHeader, frame: Uint8Array): boolean {
  if (!header.protected || header.layer !== 3) return true;
  let crc = 0xffff;
  for (let at = 2; at < 6 + header.sideInfo; at++) {
    if (at === 4 || at === 5) continue; // the checksum itself
    crc ^= frame[at]! << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x8005) & 0xffff : crc << 1;
  }
  return crc === ((frame[4]! << 8) | frame[5]!);
}

/** What the first frame says instead of sound: the headers of Xing, LAME and Fraunhofer. */
export interface MpegInfo {
  /** Frames that follow; `undefined` when it does not say. */
  readonly count: number | undefined;
  /** Bytes from this frame to the end. */
  readonly bytes: number | undefined;
  /** Samples that the encoder put before the sound, the decoder's own delay among them, and behind it. */
  readonly delay: number;
  readonly padding: number;
}

/** Delay of the decoder in samples: the filter bank's 528 and one. */
const DECODER_DELAY = 529;

/** Reads the header of Xing or Fraunhofer in a frame, `undefined` when it is sound. */
export function readMpegInfo(header: MpegHeader, frame: Uint8Array): MpegInfo | undefined {
  if (header.layer !== 3) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const text = (at: number): string => String.fromCharCode(...frame.subarray(at, at + 4));
  const number = (at: number): number | undefined => (at + 4 <= frame.length ? view.getUint32(at) : undefined);
  if (text(36) === 'VBRI') return { count: number(50), bytes: number(46), delay: 0, padding: 0 };
  // With a checksum, some encoders count it in and some do not.
  const at = [4 + header.sideInfo, 6 + header.sideInfo].find((place) => ['Xing', 'Info'].includes(text(place)));
  const flags = at === undefined ? undefined : number(at + 4);
  if (at === undefined || flags === undefined) return undefined;
  let next = at + 8;
  const field = (bit: number, size: number): number | undefined => {
    if (!(flags & bit)) return undefined;
    next += size;
    return number(next - size);
  };
  const count = field(1, 4);
  const bytes = field(2, 4);
  field(4, 100);
  field(8, 4);
  const gap = frame[next + 23];
  if (!['LAME', 'Lavf', 'Lavc'].includes(text(next)) || gap === undefined) {
    return { count, bytes, delay: 0, padding: 0 };
  }
  const delay = (frame[next + 21]! << 4) | (frame[next + 22]! >> 4);
  const padding = ((frame[next + 22]! & 15) << 8) | gap;
  return { count, bytes, delay: delay + DECODER_DELAY, padding: Math.max(0, padding - DECODER_DELAY) };
}
