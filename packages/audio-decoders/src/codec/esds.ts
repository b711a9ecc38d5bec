/** Reads the descriptors of MPEG-4 systems (ISO/IEC 14496-1, section 7.2.6): what coding it is, and its configuration. */
export function readDescriptors(bytes: Uint8Array): {
  readonly objectType: number;
  readonly config: Uint8Array | undefined;
} {
  let objectType = 0;
  let config: Uint8Array | undefined;
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at++]!;
    let length = 0;
    for (let more = true; more && at < bytes.length; at++) {
      more = (bytes[at]! & 0x80) !== 0;
      length = length * 128 + (bytes[at]! & 0x7f);
    }
    if (tag === 3) {
      const flags = bytes[at + 2] ?? 0;
      at += 3 + (flags & 0x80 ? 2 : 0) + (flags & 0x40 ? 1 + (bytes[at + 3] ?? 0) : 0) + (flags & 0x20 ? 2 : 0);
    } else if (tag === 4) {
      objectType = bytes[at] ?? 0;
      at += 13;
    } else {
      if (tag === 5) config = bytes.subarray(at, at + length);
      at += length;
    }
  }
  return { objectType, config: config && config.length >= 2 ? config : undefined };
}
