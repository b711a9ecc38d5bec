import type { Random } from './mask.js';

/** One number from `random`, refused if it is not in [0, 1): a wrong source would otherwise make wrong masks in silence. */
export function draw(random: Random): number {
  const number = random();
  if (number >= 0 && number < 1) return number;
  throw new RangeError(`masking: expected random() in [0, 1), got ${number}; give Math.random or a seeded generator`);
}

/**
 * One step of a Fisher-Yates shuffle: brings a uniformly chosen element of items[i..] to place i and returns it.
 * After n steps the first n places are a uniform draw without replacement, whatever order `items` had before.
 */
export function drawNext(items: Int32Array, i: number, random: Random): number {
  const j = i + Math.floor(draw(random) * (items.length - i));
  const drawn = items[j]!;
  items[j] = items[i]!;
  items[i] = drawn;
  return drawn;
}

/** 0, 1, ..., count - 1. */
export function range(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i);
}
