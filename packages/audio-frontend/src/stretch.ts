/**
 * The samples `from` up to `to` of a waveform of `total` samples that is mirrored at its first and last one, which are not
 * repeated. Of the waveform is given `part`, from sample `start` on; the rest of it is zero.
 */
export function stretch(part: Float32Array, start: number, total: number, from: number, to: number): Float32Array {
  if (from >= start && to <= start + part.length) return part.subarray(from - start, to - start);
  const result = new Float32Array(to - from);
  const skipped = Math.max(0, from - start);
  result.set(part.subarray(skipped, Math.max(skipped, Math.min(total, to) - start)), start + skipped - from);
  for (let at = from; at < 0; at++) result[at - from] = part[-at - start] ?? 0;
  for (let at = Math.max(total, from); at < to; at++) result[at - from] = part[2 * (total - 1) - at - start] ?? 0;
  return result;
}
