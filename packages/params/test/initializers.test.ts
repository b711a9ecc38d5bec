import { describe, expect, it } from 'vitest';
import { normal, randomStream, truncatedNormal, uniform, xavierUniform } from '../src/index.js';

const statistics = (values: ArrayLike<number>) => {
  const all = Array.from(values);
  const mean = all.reduce((a, b) => a + b, 0) / all.length;
  return {
    mean,
    std: Math.sqrt(all.reduce((a, b) => a + (b - mean) ** 2, 0) / all.length),
    max: Math.max(...all.map(Math.abs)),
  };
};

// 40 000 draws: the mean is good to std / 200, five standard errors are 0.025 std.
describe('initialisers', () => {
  it('draw the distributions they name', async () => {
    const shape = [200, 200];
    const u = statistics(await uniform(shape, 0.5, randomStream(1)).data());
    expect(u.max).toBeLessThanOrEqual(0.5);
    expect(Math.abs(u.mean)).toBeLessThan(0.025 * 0.29);
    expect(u.std).toBeCloseTo(0.5 / Math.sqrt(3), 2);
    const n = statistics(await normal(shape, 0.02, randomStream(2)).data());
    expect(n.std).toBeCloseTo(0.02, 3);
    expect(n.max).toBeGreaterThan(0.06); // not truncated
    const t = statistics(await truncatedNormal(shape, 1, randomStream(3)).data());
    expect(t.max).toBeLessThanOrEqual(2);
    expect(t.std).toBeCloseTo(0.88, 2); // of a normal cut at two standard deviations
    const x = statistics(await xavierUniform([300, 100], randomStream(4)).data());
    expect(x.max).toBeLessThanOrEqual(Math.sqrt(6 / 400));
    expect(x.max).toBeGreaterThan(0.99 * Math.sqrt(6 / 400));
  });

  it('refuse a kernel that is no matrix', () => {
    expect(() => xavierUniform([3], randomStream(1))).toThrow('expected a shape [in, out], got [3]');
  });
});

describe('randomStream', () => {
  it('is the same for a seed and a purpose and another for any other', () => {
    const draw = (...args: Parameters<typeof randomStream>) => Array.from({ length: 4 }, randomStream(...args));
    expect(draw(1, 'mask', 3)).toEqual(draw(1, 'mask', 3));
    const others = [draw(1, 'mask', 4), draw(2, 'mask', 3), draw(1, 'crop', 3), draw(1, 'mask', 3)].map((d) => d[0]);
    expect(new Set(others).size).toBe(4);
    expect(draw(7).every((v) => v >= 0 && v < 1)).toBe(true);
  });
});
