import type { MaskStrategy } from '@audio-ssl/masking';
import { maskStrategies, type MaskStrategyName } from '@audio-ssl/matpac';
import type { Config } from './config/config-schema.js';

/** What each strategy takes besides the ratio. */
export const maskStrategyOptions = {
  random: [],
  block: ['block'],
  inverseBlock: ['block'],
  time: ['span'],
  frequency: ['span'],
  multiBlock: ['blocks', 'aspect', 'context'],
} as const satisfies Record<MaskStrategyName, readonly (keyof Config['masking'])[]>;

/** The mask strategy that a configuration names. */
export function maskStrategy({ masking: { strategy, block, ...options } }: Pick<Config, 'masking'>): MaskStrategy {
  const [freq, time] = block ?? [];
  return maskStrategies[strategy]({ ...options, ...(freq && time && { block: { freq, time } }) });
}
