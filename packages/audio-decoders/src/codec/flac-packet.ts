/** Samples a channel of a FLAC frame, by its header (RFC 9639, section 9.1); 0 when it is none. */
export function flacPacketFrames(packet: Uint8Array): number {
  if (packet.length < 6 || packet[0] !== 0xff || (packet[1]! & 0xfe) !== 0xf8) return 0;
  const code = packet[2]! >> 4;
  if (code === 1) return 192;
  if (code >= 8) return 256 << (code - 8);
  if (code >= 2 && code <= 5) return 576 << (code - 2);
  if (code === 0) return 0;
  const lead = packet[4]!;
  const length = lead < 0x80 ? 1 : Math.clz32(~(lead << 24) >>> 0); // bytes of the number, in the way of UTF-8
  const at = 4 + length;
  return code === 6 ? packet[at]! + 1 : ((packet[at]! << 8) | packet[at + 1]!) + 1;
}
