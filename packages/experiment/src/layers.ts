import { InputError } from './input-error.js';

/** Blocks whose outputs are the features, counted from 0, or all of them. */
export type Layers = readonly number[] | 'all';

/**
 * The numbers of the blocks.
 *
 * @param depth the number of blocks of the encoder
 * @throws InputError for a block that the encoder does not have
 */
export function blocksOf(layers: Layers, depth: number): readonly number[] {
  if (layers === 'all') return Array.from({ length: depth }, (_, block) => block);
  const odd = layers.find((layer) => !(Number.isInteger(layer) && layer >= 0 && layer < depth));
  if (odd !== undefined) throw new InputError(`\`layers\` ${odd}: the encoder has the blocks 0 to ${depth - 1}`);
  return layers;
}
