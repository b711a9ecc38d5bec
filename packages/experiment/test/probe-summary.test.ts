import type { ReportProbe } from '@audio-ssl/report';
import { expect, it } from 'vitest';
import { probeSummary } from '../src/index.js';

const score = (value: number) => ({ value, low: value - 0.05, high: value + 0.05 });
const probe: ReportProbe = {
  dataset: 'notes',
  target: 'family',
  pooling: 'time mean',
  method: 'a linear layer trained',
  folds: '5 folds',
  clips: 4,
  chance: 0.5,
  randomStart: score(0.5),
  pretrained: { ...score(0.96), seeds: { low: 0.9, high: 1.02 } },
  gain: { value: 0.125, low: 0.02, high: 0.21, seeds: { low: -0.03, high: 0.28 } },
  classes: ['bass', 'flute'],
  confusion: [
    [2, 0],
    [1, 1],
  ],
  seconds: 1,
};

it('tells how accuracy varies with the seed, where there are several', () => {
  const summary = probeSummary(probe);
  expect(summary).toMatch(/pretrained +96\.0 % +\(95 % interval .*; over seeds 90\.0 % to 100\.0 %\)/);
  expect(summary).toMatch(/random start +50\.0 % +\(95 % interval 45\.0 % to 55\.0 %\)/);
  expect(summary).toContain('(95 % interval 2.0 to 21.0; over seeds -3.0 to 28.0)');
});
