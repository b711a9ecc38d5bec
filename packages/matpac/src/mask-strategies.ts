import { blockMask, frequencyMask, inverseBlockMask, multiBlockMask, randomMask, timeMask } from '@audio-ssl/masking';

/** Mask strategies by the names that options and configurations use. Each takes the share of patches that is hidden. */
export const maskStrategies = {
  /** Patches drawn one by one. */
  random: randomMask,
  /** Blocks of patches are hidden. */
  block: blockMask,
  /** Blocks of patches stay visible. */
  inverseBlock: inverseBlockMask,
  /** Whole columns. */
  time: timeMask,
  /** Whole rows. */
  frequency: frequencyMask,
  /** A few large blocks. */
  multiBlock: multiBlockMask,
} as const;

/** Name of a mask strategy. */
export type MaskStrategyName = keyof typeof maskStrategies;
