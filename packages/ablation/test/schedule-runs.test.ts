import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { secondsFor, stepsWithin } from '../src/schedule-runs.js';

describe('the schedule of runs', () => {
  const cost = fc.record({
    start: fc.double({ min: 0, max: 50, noNaN: true }),
    perStep: fc.double({ min: 0.01, max: 2, noNaN: true }),
  });

  it('takes the most steps with which all runs end in time', () => {
    fc.assert(
      fc.property(
        fc.array(cost, { minLength: 1, maxLength: 9 }),
        fc.integer({ min: 1, max: 4 }),
        fc.double({ min: 1, max: 2000, noNaN: true }),
        (runs, parallel, seconds) => {
          const steps = stepsWithin(runs, seconds, { parallel, least: 20 });
          expect(steps).toBeGreaterThanOrEqual(20);
          if (steps > 20) expect(secondsFor(runs, steps, parallel)).toBeLessThanOrEqual(seconds);
          expect(secondsFor(runs, steps + 1, parallel)).toBeGreaterThan(
            Math.min(seconds, secondsFor(runs, 20, parallel)),
          );
        },
      ),
    );
  });

  it('adds runs up as workers take them', () => {
    const run = { start: 1, perStep: 0.1 };
    expect(secondsFor([run, run, run], 10, 1)).toBeCloseTo(6);
    expect(secondsFor([run, run, run], 10, 2)).toBeCloseTo(4);
    expect(secondsFor([{ start: 0, perStep: 1 }, run, run, run], 10, 2)).toBeCloseTo(10);
  });
});
