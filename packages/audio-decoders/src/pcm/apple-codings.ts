import type { Coding } from './coding.js';
import { damagedHeader } from './header-errors.js';
import { ima4Coding } from './ima4-coding.js';
import { lawCoding } from './law-coding.js';
import { floatCoding, integerCoding, type IntegerLayout } from './pcm-coding.js';

/** Codings of AIFF-C and QuickTime by their four letters in lower case. `bits` is what the header says; some name their size. */
export const APPLE_CODINGS: Readonly<Record<string, (channels: number, bits: number) => Coding>> = {
  none: (channels, bits) => integers(channels, bits, { bigEndian: true }),
  twos: (channels, bits) => integers(channels, bits, { bigEndian: true }),
  sowt: (channels, bits) => integers(channels, bits, {}),
  'raw ': (channels, bits) => integers(channels, bits, { bigEndian: true, unsigned: bits <= 8 }),
  in24: (channels) => integers(channels, 24, { bigEndian: true }),
  '42ni': (channels) => integers(channels, 24, {}),
  in32: (channels) => integers(channels, 32, { bigEndian: true }),
  '23ni': (channels) => integers(channels, 32, {}),
  fl32: (channels) => floatCoding(32, channels, true),
  fl64: (channels) => floatCoding(64, channels, true),
  alaw: (channels) => lawCoding('A', channels),
  ulaw: (channels) => lawCoding('mu', channels),
  ima4: (channels) => ima4Coding(channels),
};

/** Integers of up to 32 bits, left-justified in whole bytes. */
function integers(channels: number, bits: number, order: Pick<IntegerLayout, 'bigEndian' | 'unsigned'>): Coding {
  if (bits === 0 || bits > 64) throw damagedHeader('AIFF', 'samples of 1 to 32 bits', `${bits}`);
  return integerCoding({ channels, bytes: Math.ceil(bits / 8), bits, ...order });
}
