/** Samples of an ALAC packet: the last one says so itself, in 32 bits behind the header of its first element; `full` else. */
export function alacFrames(packet: Uint8Array, full: number): number {
  if (packet.length < 7 || (packet[2]! & 0x10) === 0) return full;
  // 23 bits stand before: the element's kind and number, 12 unused, this flag, and 3 of how it is coded.
  let value = packet[2]! & 1;
  for (let at = 3; at < 7; at++) value = value * 256 + packet[at]!;
  return Math.min(full, Math.floor(value / 2) % 2 ** 32);
}
