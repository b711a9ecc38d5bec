import { seeded } from '@audio-ssl/testing';
import { expect, it } from 'vitest';
import { strategies } from './strategies.js';

// A batch of 64 on 5 x 62 takes 0.2 to 4 ms on one core; a training step takes hundreds. The bound leaves room for a
// busy machine: it catches a quadratic loop, not a slow day.
it.each(Object.entries(strategies))('%s: a batch of 64 on 5 x 62 in 20 ms', (_, strategy) => {
  const draw = strategy(0.7);
  const random = seeded(1);
  const times = Array.from({ length: 30 }, () => {
    const start = performance.now();
    draw({ freq: 5, time: 62 }, 64, random);
    return performance.now() - start;
  });
  expect(Math.min(...times)).toBeLessThan(20);
});
