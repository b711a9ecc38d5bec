import type { MaskStrategy } from '@audio-ssl/masking';
import { maskStrategies, type MaskStrategyName } from '@audio-ssl/matpac';
import type { Config } from './config/config-schema.js';

/** The options that not every strategy takes, and the strategies that do. */
export const maskStrategyOptions = {
  block: ['block', 'inverseBlock'],
  span: ['time', 'frequency'],
  blocks: ['multiBlock'],
  aspect: ['multiBlock'],
  context: ['multiBlock'],
} as const satisfies Record<Exclude<keyof Config['masking'], 'strategy' | 'ratio'>, readonly MaskStrategyName[]>;

/** The mask strategy that a configuration names. */
export function maskStrategy({ masking: { strategy, block, ...options } }: Pick<Config, 'masking'>): MaskStrategy {
  const [freq, time] = block ?? [];
  return maskStrategies[strategy]({ ...options, ...(freq && time && { block: { freq, time } }) });
}
