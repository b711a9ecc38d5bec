/**
 * Rows (frequency) and columns (time) of a patch grid; the token at row `f` and column `t` has index `f * time + t`,
 * and row 0 is the lowest frequency.
 *
 * @example
 * const grid: Grid = { freq: 5, time: 38 }; // MATPAC: 80 mel bins and 608 frames in patches of 16 x 16
 */
export interface Grid {
  readonly freq: number;
  readonly time: number;
}

/**
 * Which tokens of each clip the student sees and which it predicts, as row-major indices into the grid: `visible` is
 * (B, V) and `masked` is (B, M), so that each is one int32 tensor. No token stands in both, and none stands twice.
 * The order within a clip carries no meaning; each strategy documents its own.
 *
 * @example
 * const mask = randomMask({ ratio: 0.7 })({ freq: 5, time: 38 }, 2, Math.random);
 * tf.tensor2d(mask.visible, [mask.batch, mask.visible.length / mask.batch], 'int32'); // (2, 57)
 */
export interface Mask {
  readonly visible: Int32Array;
  readonly masked: Int32Array;
  /** Number of clips, B. */
  readonly batch: number;
}

/**
 * A source of numbers uniform in [0, 1): `Math.random`, or a seeded one where a run must be repeatable.
 *
 * @example
 * const random: Random = Math.random;
 */
export type Random = () => number;

/**
 * Draws the masks of a batch. The counts V and M follow from the grid and the options alone, never from the draw: every
 * clip of every batch has the same, so a batch is rectangular and a compiled step keeps its shapes.
 *
 * @example
 * const strategy: MaskStrategy = timeMask({ ratio: 0.5 });
 */
export type MaskStrategy = (grid: Grid, batch: number, random: Random) => Mask;
