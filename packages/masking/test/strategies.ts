import {
  blockMask,
  frequencyMask,
  inverseBlockMask,
  multiBlockMask,
  randomMask,
  timeMask,
  type Mask,
  type MaskStrategy,
} from '../src/index.js';

/** Every strategy by name, with the options that change its shape. */
export const strategies: Readonly<Record<string, (ratio: number) => MaskStrategy>> = {
  random: (ratio) => randomMask({ ratio }),
  'block 3x3': (ratio) => blockMask({ ratio }),
  'block 5x5': (ratio) => blockMask({ ratio, block: [5, 5] }),
  'block 2x7': (ratio) => blockMask({ ratio, block: [2, 7] }),
  'inverse block 3x3': (ratio) => inverseBlockMask({ ratio }),
  'inverse block 4x6': (ratio) => inverseBlockMask({ ratio, block: [4, 6] }),
  time: (ratio) => timeMask({ ratio }),
  'time, span 5': (ratio) => timeMask({ ratio, span: 5 }),
  frequency: (ratio) => frequencyMask({ ratio }),
  'frequency, span 2': (ratio) => frequencyMask({ ratio, span: 2 }),
  'multi-block': (ratio) => multiBlockMask({ ratio }),
  'multi-block, 1 block': (ratio) => multiBlockMask({ ratio, blocks: 1, aspect: [0.2, 5] }),
  'multi-block, context 0.8': (ratio) => multiBlockMask({ ratio, context: 0.8 }),
};

export const isMultiBlock = (name: string): boolean => name.startsWith('multi-block');

/** The tokens of one clip. */
export function tokensOf(mask: Mask, list: 'visible' | 'masked', clip: number): number[] {
  const count = mask[list].length / mask.batch;
  return [...mask[list].subarray(clip * count, (clip + 1) * count)];
}

/** In how many clips each token stands in the list. */
export function countsOf(mask: Mask, list: 'visible' | 'masked', tokens: number): Float64Array {
  const counts = new Float64Array(tokens);
  for (const token of mask[list]) counts[token]! += 1;
  return counts;
}
