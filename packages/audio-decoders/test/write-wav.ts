import { whole } from './write-containers.js';

interface WavOptions {
  readonly channels?: number;
  readonly sampleRate?: number;
  readonly bits?: number;
  /** Bytes of one sample of all channels; by default what `channels` and `bits` make. */
  readonly blockAlign?: number;
  /** Format tag; default 1 (PCM). */
  readonly tag?: number;
  readonly extensible?: boolean;
  /** Chunks between "fmt " and "data", each with its pad byte where it needs one. */
  readonly between?: readonly { readonly id: string; readonly length: number }[];
  /** What the chunk "data" says of its length; by default the truth. */
  readonly dataLength?: number;
  /** What the file says of its own length; by default the truth. */
  readonly riffLength?: number;
  /** Further bytes of "fmt ", after its first 16. */
  readonly extension?: readonly number[];
  /** The count of a chunk "fact". */
  readonly fact?: number;
  /** Most significant bytes first: RIFX. */
  readonly bigEndian?: boolean;
  /** Bytes behind the chunk "data". */
  readonly behind?: readonly number[];
}

/** Writes a WAV file around interleaved sample bytes, field by field as the specification lists them. */
export function writeWav(data: Uint8Array, options: WavOptions = {}): Uint8Array {
  const { channels = 1, sampleRate = 16000, bits = 16, tag = 1, extensible = false, between = [] } = options;
  const { extension = [], bigEndian = false, behind = [] } = options;
  const bytes: number[] = [];
  const text = (value: string): void => void bytes.push(...Array.from(value, (letter) => letter.charCodeAt(0)));
  const u16 = (value: number): void => void bytes.push(...whole(value, 2, bigEndian));
  const u32 = (value: number): void => void bytes.push(...whole(value, 4, bigEndian));
  const frameBytes = options.blockAlign ?? (channels * bits) / 8;
  text('WAVE');
  text('fmt ');
  u32(extensible ? 40 : 16 + extension.length);
  u16(extensible ? 0xfffe : tag);
  u16(channels);
  u32(sampleRate);
  u32(sampleRate * frameBytes);
  u16(frameBytes);
  u16(bits);
  if (extensible) {
    u16(22);
    u16(bits);
    u32(0);
    u16(tag);
    bytes.push(0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71);
  }
  bytes.push(...extension);
  if (options.fact !== undefined) {
    text('fact');
    u32(4);
    u32(options.fact);
  }
  for (const { id, length } of between) {
    text(id);
    u32(length);
    bytes.push(...new Array<number>(length + (length % 2)).fill(0x64));
  }
  text('data');
  u32(options.dataLength ?? data.length);
  const body = new Uint8Array(bytes.length + data.length + behind.length);
  body.set(bytes);
  body.set(data, bytes.length);
  body.set(behind, bytes.length + data.length);
  bytes.length = 0;
  text(bigEndian ? 'RIFX' : 'RIFF');
  u32(options.riffLength ?? body.length);
  return Uint8Array.from([...bytes, ...body]);
}
