/** The AudioSpecificConfig of AAC (ISO/IEC 14496-3, section 1.6.2.1), as far as it decides who can decode it. */
export interface AacConfig {
  readonly objectType: number;
  readonly sampleRate: number;
  /** 0 where the stream itself says. */
  readonly channels: number;
  /** Spectral band replication or parametric stereo is announced. */
  readonly highEfficiency: boolean;
  /** Frames of 960 samples in place of 1024. */
  readonly short: boolean;
}

const RATES = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350];
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8];

/** Names of object types that are not read here. */
const NAMES: Readonly<Record<number, string>> = {
  1: 'AAC Main',
  3: 'AAC SSR',
  4: 'AAC LTP',
  5: 'HE-AAC',
  6: 'AAC scalable',
  17: 'ER AAC-LC',
  20: 'ER AAC scalable',
  22: 'ER BSAC',
  23: 'AAC-LD',
  29: 'HE-AAC v2',
  36: 'MPEG-4 ALS',
  39: 'AAC-ELD',
  42: 'xHE-AAC',
};

/** Reads a configuration; missing bits count as zeros. */
export function readAacConfig(bytes: Uint8Array): AacConfig {
  let at = 0;
  const read = (bits: number): number => {
    let value = 0;
    for (let i = 0; i < bits; i++, at++) value = value * 2 + (((bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1);
    return value;
  };
  const readType = (): number => {
    const type = read(5);
    return type === 31 ? 32 + read(6) : type;
  };
  const readRate = (): number => {
    const index = read(4);
    return index === 15 ? read(24) : (RATES[index] ?? 0);
  };
  let objectType = readType();
  const sampleRate = readRate();
  const channels = CHANNELS[read(4)] ?? 0;
  let highEfficiency = objectType === 5 || objectType === 29;
  const named = highEfficiency ? objectType : undefined;
  if (highEfficiency) {
    readRate();
    objectType = readType();
  }
  const short = read(1) === 1;
  if (read(1) === 1) read(14); // the delay of a core coder
  read(1);
  // A decoder that does not know of it takes the extension for filling, so it stands at the end.
  if (!highEfficiency && at + 16 <= bytes.length * 8 && read(11) === 0x2b7 && readType() === 5) {
    highEfficiency = read(1) === 1;
  }
  return { objectType: named ?? (highEfficiency ? 5 : objectType), sampleRate, channels, highEfficiency, short };
}

/** What it is, when it is not AAC-LC of one or two channels. */
export function describeAac(config: AacConfig): string | undefined {
  if (config.objectType !== 2) return NAMES[config.objectType] ?? `AAC of object type ${config.objectType}`;
  if (config.short) return 'AAC with frames of 960 samples';
  if (config.channels === 0) return 'AAC whose channels are described in the stream';
  if (config.channels > 2) return `AAC with ${config.channels} channels`;
  return config.sampleRate === 0 ? 'AAC of an unknown sample rate' : undefined;
}

/** A configuration of two bytes. */
export function aacConfig(objectType: number, rateIndex: number, channels: number): Uint8Array {
  const bits = (objectType << 11) | (rateIndex << 7) | (channels << 3);
  return Uint8Array.of(bits >> 8, bits & 0xff);
}
