import { describe, expect, it } from 'vitest';
import { conversionTable } from '../src/terminal/conversion-table.js';

describe('conversionTable', () => {
  it('has a line for the same tensor of all blocks, and counts what became of all', () => {
    const block = (i: number) => ({
      from: `blocks.${i}.attn.weight`,
      to: `encoder.blocks.${i}.attn.kernel`,
      shape: [16, 48],
      what: 'transposed' as const,
    });
    const table = conversionTable({
      family: 'MATPAC encoder',
      names: 'audio-ssl',
      rows: [
        block(0),
        block(1),
        { from: 'norm.bias', to: 'norm.bias', shape: [16], what: 'copied' },
        { from: undefined, to: 'pos_embed', shape: [1, 191, 16], what: 'computed' },
        { from: 'odd', to: undefined, shape: [], what: 'left over' },
        { from: undefined, to: 'predictor', shape: [], what: 'missing' },
      ],
    });
    expect(table.split('\n')).toEqual([
      'in the source         in the result                 shape         what        tensors',
      'blocks.*.attn.weight  encoder.blocks.*.attn.kernel  [16, 48]      transposed  2',
      'norm.bias             norm.bias                     [16]          copied      1',
      '                      pos_embed                     [1, 191, 16]  computed    1',
      'odd                                                 []            left over   1',
      '                      predictor                     []            missing     1',
      'MATPAC encoder under the names of audio-ssl: 3 tensors mapped (2 transposed), 1 computed, 1 parts missing, 1 left over',
    ]);
  });
});
