import type { Layers } from '@audio-ssl/experiment';
import { InvalidArgumentError, Option } from 'commander';

/** `--layers`; `taken` says what becomes of several. */
export function layersOption(taken: string): Option {
  const description = `blocks to take, from 0, such as 3,7,11, or all; ${taken}; the last one by default`;
  return new Option('--layers <list>', description).argParser((value): Layers => {
    if (value === 'all') return value;
    if (!/^\d+(,\d+)*$/.test(value)) throw new InvalidArgumentError('expected numbers from 0 such as 3,7,11, or all');
    return value.split(',').map(Number);
  });
}
