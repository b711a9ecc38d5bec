/** Whole numbers and choices from a seed: the same ones on every machine. */
export interface Random {
  /** From 0 to `limit` - 1. */
  below(limit: number): number;
  /** One of several. */
  pick<T>(choices: readonly T[]): T;
}

/** A stream for input `index` of run `seed` (mulberry32, by T. Ettinger, with both mixed into its state). */
export function randomFor(seed: number, index: number): Random {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return { below, pick: (choices) => choices[below(choices.length)]! };
}
