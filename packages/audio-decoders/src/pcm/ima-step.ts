/** Quantiser steps of IMA ADPCM (IMA Digital Audio Focus and Technical Working Groups, Recommended Practices 3.0, 1992). */
export const IMA_STEPS = Int16Array.of(
  ...[7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107],
  ...[
    118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963,
  ],
  ...[1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894],
  ...[6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794],
  32767,
);

/** The next index into the steps, after a code of four bits. */
export function nextImaStep(index: number, code: number): number {
  const move = code & 4 ? 2 * (code & 3) + 2 : -1;
  return Math.max(0, Math.min(IMA_STEPS.length - 1, index + move));
}

/** A sample within 16 bits. */
export function clip16(sample: number): number {
  return Math.max(-32768, Math.min(32767, sample));
}
