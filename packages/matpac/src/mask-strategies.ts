import { blockMask, frequencyMask, inverseBlockMask, multiBlockMask, randomMask, timeMask } from '@audio-ssl/masking';

/** Mask strategies by the names that options and configurations use. Each takes the share of patches that is hidden. */
export const maskStrategies = {
  random: randomMask,
  block: blockMask,
  inverseBlock: inverseBlockMask,
  time: timeMask,
  frequency: frequencyMask,
  multiBlock: multiBlockMask,
} as const;

/** Name of a mask strategy. */
export type MaskStrategyName = keyof typeof maskStrategies;
