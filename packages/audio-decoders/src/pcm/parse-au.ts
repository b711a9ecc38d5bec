import type { ByteReader } from '../audio-file.js';
import { readBytes, textAt, viewOf } from '../bytes/read-bytes.js';
import type { Coding } from './coding.js';
import { damagedHeader, truncatedHeader, unreadCoding } from './header-errors.js';
import { lawCoding } from './law-coding.js';
import { floatCoding, integerCoding } from './pcm-coding.js';
import type { PcmSound } from './pcm-sound.js';

const CODINGS: Readonly<Record<number, string | ((channels: number, bigEndian: boolean) => Coding)>> = {
  1: (channels) => lawCoding('mu', channels),
  2: (channels) => integerCoding({ channels, bytes: 1 }),
  3: (channels, bigEndian) => integerCoding({ channels, bytes: 2, bigEndian }),
  4: (channels, bigEndian) => integerCoding({ channels, bytes: 3, bigEndian }),
  5: (channels, bigEndian) => integerCoding({ channels, bytes: 4, bigEndian }),
  6: (channels, bigEndian) => floatCoding(32, channels, bigEndian),
  7: (channels, bigEndian) => floatCoding(64, channels, bigEndian),
  23: 'G.721 ADPCM',
  24: 'G.722 ADPCM',
  25: 'G.723 ADPCM of 3 bits',
  26: 'G.723 ADPCM of 5 bits',
  27: (channels) => lawCoding('A', channels),
};

/** Sun and NeXT audio (`<multimedia/libaudio.h>`; audio(7) of SunOS); `dns.` is its mirror image of DEC. */
export function parseAu(reader: ByteReader): PcmSound {
  const bytes = readBytes(reader, 0, 24);
  if (bytes.length < 24) throw truncatedHeader('AU', 'a header of 24 bytes', `${bytes.length}`);
  const view = viewOf(bytes);
  const bigEndian = textAt(bytes, 0, 4) === '.snd';
  const field = (at: number): number => view.getUint32(at, !bigEndian);
  const [start, size, encoding, channels] = [field(4), field(8), field(12), field(20)];
  const coding = CODINGS[encoding];
  if (typeof coding !== 'function') {
    throw unreadCoding('AU', 'PCM, float, A-law or mu-law', coding ?? `encoding ${encoding}`);
  }
  if (channels === 0 || channels > 65_535) throw damagedHeader('AU', '1 to 65535 channels', `${channels}`);
  // All ones: not known. Some programs that write to a pipe leave a 0.
  const length = size === 0xffffffff || size === 0 ? Infinity : size;
  return {
    container: 'AU',
    sampleRate: field(16),
    channels,
    coding: coding(channels, bigEndian),
    start: Math.max(24, start),
    length,
  };
}
