import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rescaleDecay } from '../src/index.js';

describe('rescaleDecay', () => {
  it('keeps the product of the decays over the run', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.9, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 1000 }),
        (decay, referenceSteps, steps) => {
          const rescaled = rescaleDecay(decay, { referenceSteps, steps });
          expect(Math.abs(rescaled ** steps - decay ** referenceSteps)).toBeLessThan(1e-12);
        },
      ),
    );
  });

  it('keeps 0, 1 and a run of the same length', () => {
    const lengths = { referenceSteps: 294_816, steps: 600 };
    expect(rescaleDecay(1, lengths)).toBe(1);
    expect(rescaleDecay(0, lengths)).toBe(0);
    expect(rescaleDecay(0.998, { referenceSteps: 600, steps: 600 })).toBe(0.998);
  });

  it('refuses a decay or a length out of range', () => {
    expect(() => rescaleDecay(1.5, { referenceSteps: 10, steps: 10 })).toThrow('expected a decay in [0, 1], got 1.5');
    expect(() => rescaleDecay(0.9, { referenceSteps: 10, steps: 0 })).toThrow('referenceSteps 10 and steps 0');
  });
});
