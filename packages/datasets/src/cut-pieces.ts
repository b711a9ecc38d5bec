/**
 * The frames of each piece of a sound of `frames` frames: pieces of `segmentFrames`, of which the last takes a rest that
 * is shorter than half of it; one piece where the sound is no longer than 1.5 of them, or `segmentFrames` is `null`.
 */
export function cutPieces(frames: number, segmentFrames: number | null): number[] {
  if (segmentFrames === null || frames <= 1.5 * segmentFrames) return [frames];
  const whole = Math.floor(frames / segmentFrames);
  const rest = frames - whole * segmentFrames;
  const pieces = new Array<number>(whole).fill(segmentFrames);
  if (2 * rest < segmentFrames) pieces[whole - 1]! += rest;
  else pieces.push(rest);
  return pieces;
}
