import { InvalidArgumentError, Option } from 'commander';
import { UserError } from './user-error.js';

/** Blocks whose outputs are the features, counted from 0, or all of them. */
export type Layers = readonly number[] | 'all';

/** `--layers`; `taken` says what becomes of several. */
export function layersOption(taken: string): Option {
  const description = `blocks to take, from 0, such as 3,7,11, or all; ${taken}; the last one by default`;
  return new Option('--layers <list>', description).argParser((value): Layers => {
    if (value === 'all') return value;
    if (!/^\d+(,\d+)*$/.test(value)) throw new InvalidArgumentError('expected numbers from 0 such as 3,7,11, or all');
    return value.split(',').map(Number);
  });
}

/**
 * The numbers of the blocks.
 *
 * @param depth how many blocks there are
 * @throws UserError for one that there is not
 */
export function blocksOf(layers: Layers, depth: number): readonly number[] {
  if (layers === 'all') return Array.from({ length: depth }, (_, block) => block);
  const odd = layers.find((layer) => layer >= depth);
  if (odd !== undefined) throw new UserError(`--layers ${odd}: the encoder has the blocks 0 to ${depth - 1}`);
  return layers;
}
