import { describe, expect, it } from 'vitest';
import type { SuiteEstimate, SuitePlan } from '@audio-ssl/ablation';
import { clock } from '../src/terminal/clock.js';
import { parseDuration } from '../src/terminal/duration.js';
import { planWords } from '../src/terminal/plan-words.js';

describe('the words of a plan', () => {
  it('reads times', () => {
    expect(['90s', '30m', '1.5h', ' 2 m'].map(parseDuration)).toEqual([90, 1800, 5400, 120]);
    for (const text of ['30', 'm', '0m', '-1h', '3 days'])
      expect(() => parseDuration(text)).toThrow('such as 90s, 30m or 1.5h');
  });

  it('says the day on which it ends, when that is another one', () => {
    const now = new Date(2024, 7, 2, 22, 5); // a Friday
    expect(clock(3600, now)).toBe('23:05');
    expect(clock(60 * 3600, now)).toBe('Mon Aug 05, 10:05');
  });

  const plan = {
    rows: [
      { name: 'MATPAC', slug: 'matpac', changes: [] },
      { name: 'half', slug: 'half', changes: ['masking.ratio 0.7 -> 0.5', 'seed 0 -> 1'] },
    ],
    seeds: [0],
    budget: 3600,
  } as unknown as SuitePlan;
  const estimate: SuiteEstimate = {
    steps: 100,
    seconds: 27,
    available: 3000,
    perRow: { matpac: { start: 1, perStep: 0.1 }, half: { start: 1, perStep: 0.15 } },
    short: false,
    left: { runs: 2, seconds: 27 },
    parallel: 1,
  };
  const now = new Date(2024, 7, 2, 22, 5);

  it('say what each row takes and changes, and when all is done', () => {
    expect(planWords(plan, estimate, now)).toBe(
      [
        'plan: 2 rows x 1 seed, each 100 steps and a probe',
        '  MATPAC   100 ms/step          11 s  baseline',
        '  half     150 ms/step          16 s  masking.ratio 0.7 -> 0.5, seed 0 -> 1',
        '2 runs to do, about 27 s, 1 at a time, until 22:05',
      ].join('\n'),
    );
    expect(planWords({ ...plan, seeds: [0, 1] }, { ...estimate, left: { runs: 0, seconds: 0 } })).toMatch(
      /^plan: 2 rows x 2 seeds.*all runs are done$/s,
    );
  });

  it('say that a budget is too short', () => {
    expect(planWords({ ...plan, budget: 3 }, { ...estimate, steps: 20, available: -2, short: true }, now)).toContain(
      'until 22:05\nThe budget of 3.0 s, of which 0.0 s are left for the runs, is too short even for 20 steps a run: it takes longer.',
    );
  });
});
