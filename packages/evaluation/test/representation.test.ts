import { readFileSync } from 'node:fs';
import { expectCloseArrays, seeded } from '@audio-ssl/testing';
import { describe, expect, it } from 'vitest';
import { alignment, rankMe, uniformity } from '../src/index.js';

const { cases } = JSON.parse(readFileSync(new URL('fixtures/rank-me.json', import.meta.url), 'utf8')) as {
  cases: {
    name: string;
    rows: number;
    dims: number;
    features: number[];
    other: number[];
    rankMe: number;
    uniformity: number;
    alignment: number;
  }[];
};

describe('rankMe, uniformity and alignment', () => {
  it.each(cases)('equal NumPy: $name', ({ rows, dims, features, other, ...expected }) => {
    const [x, y] = [features, other].map((values) => ({ data: Float32Array.from(values), rows, dims }));
    // The square of the matrix keeps singular values below 1e-8 of the largest from being told apart from 0.
    expectCloseArrays([rankMe(x!)], [expected.rankMe], { relative: 1e-5 });
    expectCloseArrays([uniformity(x!)], [expected.uniformity], { absolute: 1e-9 });
    expectCloseArrays([alignment(x!, y!)], [expected.alignment], { absolute: 1e-9 });
  });

  it('know a collapse and an even spread', () => {
    const random = seeded(1);
    const [rows, dims] = [60, 40];
    const spread = { data: Float32Array.from({ length: rows * dims }, () => random() - 0.5), rows, dims };
    const one = { data: Float32Array.from({ length: rows * dims }, (_, i) => 1 + (i % dims)), rows, dims };
    expect(rankMe(one)).toBeCloseTo(1, 3); // the 1e-7 of every other direction adds a little
    expect(rankMe(spread)).toBeGreaterThan(30);
    expect(uniformity(one)).toBeCloseTo(0, 9);
    expect(uniformity(spread)).toBeLessThan(-3.5); // -4 for directions at right angles
    expect(alignment(spread, spread)).toBe(0);
  });

  it('refuse what has no direction', () => {
    const zero = { data: new Float32Array(4), rows: 2, dims: 2 };
    expect(() => rankMe(zero)).toThrow('all 2 rows of 2 dimensions are 0');
    expect(() => uniformity(zero)).toThrow('row 0 is all zeros');
    expect(() => uniformity({ data: Float32Array.of(1), rows: 1, dims: 1 })).toThrow('two or more rows');
    expect(() => alignment(zero, { data: new Float32Array(2), rows: 1, dims: 2 })).toThrow('2 x 2 and 1 x 2');
  });
});
