import { expect, it } from 'vitest';
import { permutation, randomStream } from '../src/random.js';

it('draws the same numbers for a seed and a purpose on every machine', () => {
  const expected = [0.5009212635722682, 0.6650859248371208, 0.8501551599451517];

  const random = randomStream(1337, 'mask', 3);
  expect([random(), random(), random()]).toEqual(expected);
  const other = randomStream(1337, 'mask', 4);
  expect(other()).not.toBe(expected[0]);
});

it('refuses a seed that is not a whole number', () => {
  for (const seed of [0.5, NaN, Infinity, '7' as never]) {
    expect(() => randomStream(seed, 'mask')).toThrow(
      `randomStream: expected a seed that is a whole number, got ${seed}`,
    );
  }
  expect(() => randomStream(-1)).not.toThrow();
});

it('permutes numbers evenly', () => {
  const counts = new Map<string, number>();
  const random = randomStream(1, 'permutation');
  for (let i = 0; i < 6000; i++) {
    const order = permutation(3, random).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual(['012', '021', '102', '120', '201', '210']);
  // 1000 each, with a standard deviation of 29.
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  expect([...permutation(0, random)]).toEqual([]);
  expect([...permutation(1, random)]).toEqual([0]);
  expect(() => permutation(-1, random)).toThrow('permutation: expected a whole number of 0 or more, got -1');
  expect(() => permutation(1.5, random)).toThrow('got 1.5; give the number of items');
});

it('draws independently for neighbouring purposes, from the first number on', () => {
  // Pairs (stream n, stream n + 1) in an 8 x 8 table: 63 degrees of freedom, above 120 once in 50 000 tables of chance.
  const streams = 6400;
  for (let draw = 0; draw < 3; draw++) {
    const values = Array.from({ length: streams + 1 }, (_, step) => {
      const random = randomStream(1337, 'crop', step);
      for (let skipped = 0; skipped < draw; skipped++) random();
      return random();
    });
    const counts = new Array<number>(64).fill(0);
    for (let i = 0; i < streams; i++) counts[8 * Math.floor(8 * values[i]!) + Math.floor(8 * values[i + 1]!)]!++;
    const expected = streams / 64;
    const chiSquared = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chiSquared, `draw ${draw}`).toBeLessThan(120);
  }
});
