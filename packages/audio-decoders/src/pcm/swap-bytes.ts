const hostIsBigEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 0;

/** Puts numbers of `width` bytes into the order of this machine, in place. */
export function toHostOrder(bytes: Uint8Array, width: number, bigEndian: boolean): void {
  if (bigEndian === hostIsBigEndian) return;
  for (let at = 0; at + width <= bytes.length; at += width) {
    for (let low = at, high = at + width - 1; low < high; low++, high--) {
      const byte = bytes[low]!;
      bytes[low] = bytes[high]!;
      bytes[high] = byte;
    }
  }
}
