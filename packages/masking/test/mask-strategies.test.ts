import { seeded } from '@audio-ssl/testing';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createMask,
  maskOptionSpecs,
  maskStrategies,
  timeMask,
  validateMask,
  type MaskOptions,
  type MaskOptionSpec,
  type MaskStrategyEntry,
  type MaskStrategyName,
} from '../src/index.js';

const grid = { freq: 6, time: 12 };
const names = Object.keys(maskStrategies) as MaskStrategyName[];
const isListed = (strategy: MaskStrategyName, option: string): boolean =>
  Object.hasOwn(maskStrategies[strategy].options, option);

describe('createMask', () => {
  it('makes the strategy that is named, with its options', () => {
    const made = createMask({ strategy: 'time', ratio: 0.5, span: 4 })(grid, 3, seeded(1));
    expect(made).toEqual(timeMask({ ratio: 0.5, span: 4 })(grid, 3, seeded(1)));
    expect(made).not.toEqual(createMask({ strategy: 'time', ratio: 0.5 })(grid, 3, seeded(1)));
  });

  it('refuses an unknown strategy and an option that the strategy does not take', () => {
    expect(() => createMask({ strategy: 'blok' as never, ratio: 0.7 })).toThrow(
      'createMask: expected a strategy of random, block, inverseBlock, time, frequency, multiBlock, got blok; choose one of them',
    );
    expect(() => createMask({ strategy: 'toString' as never, ratio: 0.7 })).toThrow(/got toString/);
    expect(() => createMask({ strategy: 'random', ratio: 0.7, span: 2 })).toThrow(
      'createMask: expected ratio with strategy random, got span; leave it out or choose strategy time or frequency',
    );
    expect(() => createMask({ strategy: 'block', ratio: 0.7, spam: 2 } as MaskOptions)).toThrow(
      'createMask: expected ratio, block with strategy block, got spam; leave it out',
    );
    expect(() => createMask({ strategy: 'block', ratio: 1 })).toThrow(/^blockMask: expected a ratio/);
  });
});

describe.each(names)('the entry of %s', (strategy) => {
  const { title, source, options }: MaskStrategyEntry = maskStrategies[strategy];
  const drawn = (given: object): unknown =>
    createMask({ strategy, ratio: 0.6, ...given } as MaskOptions)(grid, 4, seeded(7));

  it('has a title and a source', () => {
    expect(title).toMatch(/^[a-z-]+( [a-z]+)?$/);
    expect(source).toMatch(/arXiv/);
  });

  it('gives the defaults that the function takes', () => {
    const defaults = Object.fromEntries(Object.entries(options).map(([name, spec]) => [name, spec.default]));
    expect(drawn(defaults)).toEqual(drawn({}));
  });

  it.each(Object.entries<MaskOptionSpec>(options))('property: %s is taken within its range alone', (name, spec) => {
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: -3, max: 5 }), fc.double({ min: -3, max: 5, noNaN: true })), (value) => {
        const option = spec.length === undefined ? value : Array.from({ length: spec.length }, () => value);
        const inRange =
          value >= (spec.minimum ?? -Infinity) &&
          value > (spec.exclusiveMinimum ?? -Infinity) &&
          value <= (spec.maximum ?? Infinity) &&
          (!spec.integer || Number.isInteger(value));
        let taken = true;
        try {
          validateMask(drawn({ [name]: option }) as never, grid);
        } catch (error) {
          // A share of tokens so small that none is left is refused for this grid, not for its range.
          if (!/expected at least one visible token/.test((error as Error).message)) taken = false;
        }
        expect(taken).toBe(inRange);
      }),
      { numRuns: 200, seed: 5 },
    );
  });
});

it('maskOptionSpecs names the strategies of each option', () => {
  expect(maskOptionSpecs.block).toEqual({
    ...maskStrategies.block.options.block,
    strategies: ['block', 'inverseBlock'],
  });
  for (const [option, { strategies, description }] of Object.entries(maskOptionSpecs)) {
    expect(strategies).toEqual(names.filter((name) => isListed(name, option)));
    expect(description).not.toBe('');
  }
});
