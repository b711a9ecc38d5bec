import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sharedFolder } from '@audio-ssl/testing';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exponential, linear, warmupCosine } from '../src/index.js';

const runs = ['matpac-tiny', 'matpac-plusplus-tiny', 'prediction-only-tiny', 'classification-only-tiny'];
const reference = sharedFolder('reference');

describe.skipIf(!reference)('the schedules of the recorded runs', () => {
  it.each(runs)('%s: learning rate, decays and temperatures are equal to the last bit or the one before', (name) => {
    const run = JSON.parse(readFileSync(join(reference!, name, 'run.json'), 'utf8'));
    const { config, optimizer } = run;
    const schedules = {
      lr: warmupCosine({ peak: optimizer.lr, warmup: optimizer.warmup, total: optimizer.max_update }),
      ema_decay_encoder: linear({ from: run.ema_decay[0], to: run.ema_decay[1], steps: config.max_update }),
      ema_decay_head: linear({ from: run.head_ema_decay[0], to: run.head_ema_decay[1], steps: config.max_update }),
      teacher_temp: linear({ from: run.teacher_temp[0], to: run.teacher_temp[1], steps: config.warmup }),
      ...(config.mcl ? { mcl_temp: exponential({ from: config.mcl_t, rate: run.mcl_decay_rate }) } : {}),
    };
    expect(run.log.length).toBe(run.steps);
    for (const row of run.log) {
      for (const [column, schedule] of Object.entries(schedules)) {
        // One unit in the last place: the order of two products may differ.
        expect(Math.abs(schedule(row.step) - row[column]), `${column} at step ${row.step}`).toBeLessThanOrEqual(
          2.3e-16 * row[column],
        );
      }
    }
  });
});

describe('the values of the published configuration (facts/matpac.md, section 2)', () => {
  const close = (actual: number, digits: number): void => expect(Math.abs(actual / digits - 1)).toBeLessThan(1e-5);

  it('warms the learning rate up and lets it fall to 0', () => {
    const lr = warmupCosine({ peak: 3e-4, warmup: 19_654, total: 294_816 });
    expect(lr(0)).toBe(0);
    close(lr(1), 1.5264e-8);
    expect(lr(9_827)).toBe(1.5e-4);
    expect(lr(19_654)).toBe(3e-4);
    close(lr(147_408), 1.66794e-4);
    expect(lr(294_816)).toBe(0);
    expect(lr(400_000)).toBe(0);
  });

  it('anneals the temperature of the hypotheses below 1e-4 at step 230256', () => {
    const temperature = exponential({ from: 0.1, rate: 0.99997 });
    expect(temperature(0)).toBe(0.1);
    close(temperature(982), 0.0970969);
    expect(temperature(230_255)).toBeGreaterThan(1e-4);
    expect(temperature(230_256)).toBeLessThanOrEqual(1e-4);
  });
});

describe('properties', () => {
  const number = fc.double({ min: -10, max: 10, noNaN: true });
  const length = fc.integer({ min: 1, max: 10_000 });

  it('linear starts and ends on its values, stays there and never leaves their range', () => {
    fc.assert(
      fc.property(number, number, length, fc.nat(20_000), (from, to, steps, step) => {
        const schedule = linear({ from, to, steps });
        expect(schedule(0)).toBeCloseTo(from, 12);
        expect(schedule(steps)).toBe(to);
        expect(schedule(steps + step)).toBe(to);
        expect(schedule(step)).toBeGreaterThanOrEqual(Math.min(from, to) - 1e-12);
        expect(schedule(step)).toBeLessThanOrEqual(Math.max(from, to) + 1e-12);
      }),
    );
  });

  it('warmupCosine rises to its peak and falls from there, from init and to end', () => {
    fc.assert(
      fc.property(length, length, fc.double({ min: 0, max: 1, noNaN: true }), (warmup, rest, low) => {
        const schedule = warmupCosine({ peak: 2, warmup, total: warmup + rest, init: low, end: low / 2 });
        expect(schedule(0)).toBe(low);
        expect(schedule(warmup)).toBe(2);
        expect(schedule(warmup + rest)).toBe(low / 2);
        const at = (part: number): number => warmup + Math.round(part * rest);
        expect(schedule(Math.floor(warmup / 2))).toBeLessThanOrEqual(schedule(Math.max(0, warmup - 1)));
        expect(schedule(at(0.25))).toBeGreaterThanOrEqual(schedule(at(0.75)));
      }),
    );
  });

  it('a length of 0 is the constant at its end', () => {
    expect(linear({ from: 1, to: 3, steps: 0 })(0)).toBe(3);
    expect(warmupCosine({ peak: 1, warmup: 0, total: 10 })(0)).toBe(1);
  });
});

describe('bad input', () => {
  it('is refused with the number that is wrong', () => {
    expect(() => linear({ from: 0, to: 1, steps: -1 })).toThrow('linear: expected steps of 0 or more, got -1');
    expect(() => linear({ from: 0, to: 1, steps: Number.NaN })).toThrow('got NaN');
    expect(() => exponential({ from: 1, rate: 0 })).toThrow('exponential: expected a rate above 0, got 0');
    expect(() => warmupCosine({ peak: 1, warmup: 10, total: 5 })).toThrow('got warmup 10 and total 5');
  });
});
