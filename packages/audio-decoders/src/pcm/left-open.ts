/** Bytes by which the sizes that stand for "not known" lie around 2^31 and 2^32: headers and whole frames are taken off them. */
const AROUND = 65_536;

/**
 * Whether a size of 32 bits is one that programs leave where they can't know it, as they write to a pipe or were ended:
 * 0, all ones, the largest signed number, and what sox makes of it (0x7ffff000 in WAV, 0x7f000000 in AIFF).
 */
export function isLeftOpen(size: number): boolean {
  const near = (value: number): boolean => size >= value - AROUND && size <= value + AROUND;
  return size === 0 || near(2 ** 31) || near(2 ** 32) || near(0x7f000000);
}
