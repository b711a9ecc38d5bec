import { describe, expect, it } from 'vitest';
import { REFERENCE_STEPS, schedule, sizes, variants } from '../src/index.js';

const options = { model: sizes.base, ...variants.matpacPlusPlus };

describe('schedule', () => {
  // Values derived from the authors' configuration, to the digits given in their table.
  it.each([
    [1, 0.9999500001, 0.9980000068, 0.0400031, 1.5264e-8, 0.099997],
    [982, 0.9999501332, 0.9980066618, 0.0429979, 1.49893e-5, 0.0970969],
    [9_827, 0.9999513333, 0.9980666653, 0.07, 1.5e-4, 0.074467],
    [19_654, 0.9999526666, 0.9981333306, 0.07, 3e-4, 0.0554533],
    [147_408, 0.99997, 0.999, 0.07, 1.66794e-4, 0.00120065],
  ])('takes the values of the authors at step %i', (step, encoder, head, temperature, rate, hypotheses) => {
    const { at } = schedule(options, REFERENCE_STEPS);
    const scalars = at(step);
    expect(scalars.encoderDecay).toBeCloseTo(encoder, 9);
    expect(scalars.headDecay).toBeCloseTo(head, 9);
    expect(scalars.teacherTemperature).toBeCloseTo(temperature, 6);
    expect(scalars.learningRate / rate).toBeCloseTo(1, 4);
    expect(scalars.hypothesisTemperature / hypotheses).toBeCloseTo(1, 4);
  });

  it('starts at learning rate 0 and leaves the teacher alone at step 0', () => {
    const scalars = schedule(options, 1000).at(0);
    expect([scalars.learningRate, scalars.encoderDecay, scalars.headDecay]).toEqual([0, 1, 1]);
    const after = { ...options, teacher: { ...options.teacher, update: 'after' as const } };
    expect(schedule(after, 1000).at(0).encoderDecay).toBeLessThan(1);
  });

  it('forgets the first teacher as much in a short run as in the long one', () => {
    const kept = (steps: number): number => {
      const { encoderDecay } = schedule(options, steps);
      let log = 0;
      for (let step = 0; step < steps; step++) log += Math.log(encoderDecay(step));
      return log;
    };
    // A sum over 1000 points of a falling line is off by half a step: 0.00004 / 0.00003 / 2000.
    expect(kept(1000) / kept(REFERENCE_STEPS)).toBeCloseTo(1, 2);
    expect(kept(REFERENCE_STEPS)).toBeCloseTo(-8.84, 2);
  });
});
