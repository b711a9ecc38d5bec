import type { Mask } from './mask.js';

/** What a strategy writes for each token of a clip. */
export const LEFT_OUT = 0;
export const VISIBLE = 1;
export const MASKED = 2;

/**
 * Collects marked clips into a mask, the tokens of each clip in ascending order. `mark` fills the marks of one clip and
 * must write VISIBLE and MASKED exactly as often as the counts say.
 */
export function collectMarks(
  tokens: number,
  batch: number,
  counts: { readonly visible: number; readonly masked: number },
  mark: (marks: Uint8Array) => void,
): Mask {
  const visible = new Int32Array(batch * counts.visible); // (B, V)
  const masked = new Int32Array(batch * counts.masked); // (B, M)
  const marks = new Uint8Array(tokens);
  let v = 0;
  let m = 0;
  for (let clip = 0; clip < batch; clip++) {
    mark(marks);
    for (let token = 0; token < tokens; token++) {
      if (marks[token] === VISIBLE) visible[v++] = token;
      else if (marks[token] === MASKED) masked[m++] = token;
    }
  }
  return { visible, masked, batch };
}
