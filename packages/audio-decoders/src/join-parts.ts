const NOTHING = new Float32Array(0);

/** Parts of a sound, one after the other, as one array for each channel. Empties `parts`. */
export function joinParts(parts: Float32Array[][], channels: number): Float32Array[] {
  if (parts.length === 1) return parts.pop()!;
  const frames = parts.reduce((sum, part) => sum + part[0]!.length, 0);
  return Array.from({ length: channels }, (_, c) => {
    const samples = new Float32Array(frames);
    let at = 0;
    for (const part of parts) {
      samples.set(part[c]!, at);
      at += part[c]!.length;
      part[c] = NOTHING; // one channel is there twice, never all of them
    }
    return samples;
  });
}
