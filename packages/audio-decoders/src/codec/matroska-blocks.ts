import { readVint } from './ebml.js';

/** The frames of a block (Matroska, RFC 9559, section 10): one, or several laced together; `undefined` when they contradict it. */
export function blockFrames(block: Uint8Array): { readonly track: number; readonly frames: Uint8Array[] } | undefined {
  const track = readVint(block, 0);
  if (!track || block.length < track.length + 3) return undefined;
  const lacing = (block[track.length + 2]! >> 1) & 3;
  let at = track.length + 3;
  if (lacing === 0) return { track: track.value, frames: [block.subarray(at)] };
  const count = (block[at++] ?? 0) + 1;
  const sizes: number[] = [];
  if (lacing === 2) {
    const size = (block.length - at) / count;
    if (!Number.isInteger(size)) return undefined;
    for (let i = 1; i < count; i++) sizes.push(size);
  } else if (lacing === 1) {
    for (let i = 1; i < count; i++) {
      let size = 0;
      for (let byte = 255; byte === 255; size += byte) byte = block[at++] ?? 0;
      sizes.push(size);
    }
  } else {
    for (let i = 1; i < count; i++) {
      const number = readVint(block, at);
      if (!number) return undefined;
      at += number.length;
      // The first is a size, the others differences, shifted so that they can be negative.
      const bias = 2 ** (7 * number.length - 1) - 1;
      sizes.push(i === 1 ? number.value : sizes.at(-1)! + number.value - bias);
    }
  }
  const frames: Uint8Array[] = [];
  for (const size of sizes) {
    if (size < 0 || at + size > block.length) return undefined;
    frames.push(block.subarray(at, at + size));
    at += size;
  }
  frames.push(block.subarray(at));
  return { track: track.value, frames };
}
