/**
 * Whether samples of fewer bytes than they take up fill the low ones of them, sign-extended. Microsoft says that they fill
 * the high ones; headers without its extension were written before it said so, and their samples have to tell.
 */
export function standsLow(samples: Uint8Array, width: number, used: number, bigEndian: boolean): boolean {
  if (used >= width) return false;
  let isRest = false; // something stands where zeros fill up high samples
  for (let start = 0; start + width <= samples.length; start += width) {
    const byte = (fromTop: number): number => samples[start + (bigEndian ? fromTop : width - 1 - fromTop)]!;
    const sign = byte(width - used) & 0x80 ? 0xff : 0;
    for (let i = 0; i < width - used; i++) {
      if (byte(i) !== sign) return false;
      isRest ||= byte(width - 1 - i) !== 0;
    }
  }
  return isRest;
}
