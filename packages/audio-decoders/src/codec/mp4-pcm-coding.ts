import { APPLE_CODINGS } from '../pcm/apple-codings.js';
import type { Coding } from '../pcm/coding.js';
import { floatCoding, integerCoding } from '../pcm/pcm-coding.js';

/** What an entry of the sample descriptions says of PCM. */
export interface Mp4PcmEntry {
  readonly kind: string;
  readonly channels: number;
  readonly bits: number;
  /** What QuickTime's second version says of its integers and floats (kAudioFormatFlag... of Core Audio). */
  readonly flags: number;
  /** Of `enda`: QuickTime's word for the least significant byte first. */
  readonly littleEndian: boolean;
  /** The box `pcmC` of ISO/IEC 23003-5. */
  readonly configuration: Uint8Array | undefined;
}

/** Kinds that `enda` turns round, by their mirror image. */
const BITS: Readonly<Record<string, number>> = { in24: 24, in32: 32, fl32: 32, fl64: 64 };

/** The coding of PCM, by the kind of its entry; `undefined` when it is none that is read. */
export function mp4PcmCoding(entry: Mp4PcmEntry): Coding | undefined {
  const { kind, channels, littleEndian, configuration } = entry;
  let { bits } = entry;
  if (kind === 'ima4') return undefined; // its packets need those before them
  if (kind === 'lpcm') {
    const bigEndian = (entry.flags & 2) !== 0;
    if (entry.flags & 1) return bits === 32 || bits === 64 ? floatCoding(bits, channels, bigEndian) : undefined;
    return integers(channels, bits, bigEndian, bits <= 8 && (entry.flags & 4) === 0);
  }
  if (kind === 'ipcm' || kind === 'fpcm') {
    const bigEndian = ((configuration?.[4] ?? 0) & 1) === 0;
    bits = configuration?.[5] ?? bits;
    if (kind === 'ipcm') return integers(channels, bits, bigEndian, false);
    return bits === 32 || bits === 64 ? floatCoding(bits, channels, bigEndian) : undefined;
  }
  const sized = BITS[kind];
  if (sized !== undefined && littleEndian) {
    return kind.startsWith('fl')
      ? floatCoding(sized as 32 | 64, channels, false)
      : integers(channels, sized, false, false);
  }
  if (bits === 0 || bits > 64) bits = 16;
  return APPLE_CODINGS[kind]?.(channels, bits);
}

function integers(channels: number, bits: number, bigEndian: boolean, unsigned: boolean): Coding | undefined {
  if (bits === 0 || bits > 64) return undefined;
  return integerCoding({ channels, bytes: Math.ceil(bits / 8), bits, bigEndian, unsigned });
}
