import type { Coding } from './coding.js';
import { tableCoding } from './pcm-coding.js';

/** A-law or mu-law (ITU-T G.711): a sign, three bits of exponent, four of mantissa. */
export function lawCoding(law: 'A' | 'mu', channels: number): Coding {
  const expand = law === 'A' ? expandA : expandMu;
  return tableCoding(
    `${law}-law`,
    Float32Array.from({ length: 256 }, (_, code) => expand(code) / 2 ** 15),
    channels,
  );
}

function expandA(code: number): number {
  const bits = code ^ 0x55; // every other bit is inverted
  const exponent = (bits >> 4) & 7;
  const mantissa = 2 * (bits & 15) + 1 + (exponent > 0 ? 32 : 0);
  const size = mantissa << (3 + Math.max(0, exponent - 1));
  return bits & 0x80 ? size : -size;
}

function expandMu(code: number): number {
  const bits = ~code;
  const size = ((((bits & 15) << 3) + 132) << ((bits >> 4) & 7)) - 132;
  return bits & 0x80 ? 0 - size : size; // one zero, not two
}
