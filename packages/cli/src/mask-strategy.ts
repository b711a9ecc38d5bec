import {
  blockMask,
  frequencyMask,
  inverseBlockMask,
  type MaskStrategy,
  multiBlockMask,
  randomMask,
  timeMask,
} from '@audio-ssl/masking';
import type { Config } from './config/config-schema.js';

const strategies = {
  random: randomMask,
  block: blockMask,
  inverseBlock: inverseBlockMask,
  time: timeMask,
  frequency: frequencyMask,
  multiBlock: multiBlockMask,
};

/** The mask strategy that a configuration names. */
export function maskStrategy({ masking: { strategy, ratio } }: Pick<Config, 'masking'>): MaskStrategy {
  return strategies[strategy]({ ratio });
}
