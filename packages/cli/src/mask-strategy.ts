import type { MaskStrategy } from '@audio-ssl/masking';
import { maskStrategies } from '@audio-ssl/matpac';
import type { Config } from './config/config-schema.js';

/** The mask strategy that a configuration names. */
export function maskStrategy({ masking: { strategy, ratio } }: Pick<Config, 'masking'>): MaskStrategy {
  return maskStrategies[strategy]({ ratio });
}
