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
  readonly dataLength?: number;
}

/** Writes a WAV file around interleaved sample bytes, field by field as the specification lists them. */
export function writeWav(data: Uint8Array, options: WavOptions = {}): Uint8Array {
  const { channels = 1, sampleRate = 16000, bits = 16, tag = 1, extensible = false, between = [] } = options;
  const bytes: number[] = [];
  const text = (value: string): void => void bytes.push(...Array.from(value, (letter) => letter.charCodeAt(0)));
  const u16 = (value: number): void => void bytes.push(value & 0xff, value >>> 8);
  const u32 = (value: number): void => (u16(value % 65536), u16(Math.floor(value / 65536)));
  const frameBytes = options.blockAlign ?? (channels * bits) / 8;
  text('WAVE');
  text('fmt ');
  u32(extensible ? 40 : 16);
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
  for (const { id, length } of between) {
    text(id);
    u32(length);
    bytes.push(...new Array<number>(length + (length % 2)).fill(0x64));
  }
  text('data');
  u32(options.dataLength ?? data.length);
  const body = new Uint8Array(bytes.length + data.length);
  body.set(bytes);
  body.set(data, bytes.length);
  bytes.length = 0;
  text('RIFF');
  u32(body.length);
  return Uint8Array.from([...bytes, ...body]);
}
