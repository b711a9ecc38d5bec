import type { ByteReader } from '../audio-file.js';
import { readBytes, textAt, viewOf } from '../bytes/read-bytes.js';
import { APPLE_CODINGS } from './apple-codings.js';
import { chunksOf, riffShape, type Chunk } from './chunk.js';
import { damagedHeader, truncatedHeader, unreadCoding } from './header-errors.js';
import { isLeftOpen } from './left-open.js';
import type { PcmSound } from './pcm-sound.js';

/** Names of codings that are not read. */
const REFUSED: Readonly<Record<string, string>> = {
  ace2: 'ACE 2:1',
  ace8: 'ACE 8:3',
  adp4: 'ADPCM of 4 bits',
  dwvw: 'delta with variable word width',
  g722: 'G.722 ADPCM',
  g726: 'G.726 ADPCM',
  'gsm ': 'GSM 6.10',
  agsm: 'GSM 6.10',
  mac3: 'MACE 3:1',
  mac6: 'MACE 6:1',
  qclp: 'Qualcomm PureVoice',
  qdm2: 'QDesign Music 2',
  qdmc: 'QDesign Music',
  sdx2: 'SDX2 ADPCM',
};

const shape = riffShape(true);

/** AIFF 1.3 (Apple, 1989) and AIFF-C (Apple, 1991). */
export function parseAiff(reader: ByteReader): PcmSound {
  const compressed = textAt(readBytes(reader, 8, 4), 0, 4) === 'AIFC';
  const container = compressed ? 'AIFF-C' : 'AIFF';
  let common: Chunk | undefined;
  let sound: Chunk | undefined;
  for (const chunk of chunksOf(reader, 12, shape)) {
    if (chunk.id === 'COMM') common = chunk;
    if (chunk.id === 'SSND') sound = chunk;
    if (common && sound) break;
    if (chunk.start + chunk.length <= reader.size) continue;
    if (chunk.id === 'SSND') break;
    const got = `${reader.size - chunk.start}`;
    throw truncatedHeader(container, `${chunk.length} bytes in the chunk ${JSON.stringify(chunk.id)}`, got);
  }
  const bytes = common ? readBytes(reader, common.start, Math.min(common.length, 22)) : new Uint8Array(0);
  if (bytes.length < (compressed ? 22 : 18)) throw truncatedHeader(container, 'a chunk "COMM"', 'none that is whole');
  const view = viewOf(bytes);
  const [channels, count, bits] = [view.getUint16(0), view.getUint32(2), view.getUint16(6)];
  const kind = compressed ? textAt(bytes, 18, 4).replace(/[^\x20-\x7e]/g, '?') : 'NONE';
  const codingOf = APPLE_CODINGS[kind.toLowerCase()];
  if (!codingOf) {
    const name = REFUSED[kind.toLowerCase()] ?? `the coding ${JSON.stringify(kind)}`;
    throw unreadCoding(container, READABLE, name);
  }
  if (channels === 0) throw damagedHeader(container, 'at least one channel', '0');
  const coding = codingOf(channels, bits);
  const sampleRate = Math.round(extendedAt(view, 8));
  const described = { container, sampleRate, channels, coding };
  if (!sound) {
    // A file without samples may leave the chunk out.
    if (count === 0) return { ...described, start: reader.size, length: 0 };
    throw truncatedHeader(container, `a chunk "SSND" with ${count} frames`, 'none');
  }
  const head = readBytes(reader, sound.start, 8);
  const offset = head.length === 8 ? viewOf(head).getUint32(0) : 0;
  const open = isLeftOpen(sound.length) || sound.length === 8; // sizes that were to be filled in at the end
  const length = open && sound.start + sound.length !== reader.size ? Infinity : sound.length - 8 - offset;
  // Packets are counted where a coding has them.
  const frames = count * coding.blockFrames;
  const counted = count > 0 && !(length === Infinity && isLeftOpen(count * coding.blockBytes));
  return { ...described, start: sound.start + 8 + offset, length, frames: counted ? frames : undefined };
}

const READABLE = 'PCM, float, A-law, mu-law or IMA ADPCM';

/** An IEEE 754 number of 80 bits: a sign and 15 bits of exponent, 64 of mantissa. */
function extendedAt(view: DataView, at: number): number {
  const exponent = (view.getUint16(at) & 0x7fff) - 16383;
  const mantissa = view.getUint32(at + 2) * 2 ** -31 + view.getUint32(at + 6) * 2 ** -63;
  return mantissa * 2 ** exponent;
}
