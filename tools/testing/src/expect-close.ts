import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/** Expects every element of `actual` within `absolute + relative * |expected|` of `expected`; names the worst one. */
export function expectCloseArrays(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { absolute = 0, relative = 0 }: { readonly absolute?: number; readonly relative?: number },
): void {
  expect(actual.length, 'length').toBe(expected.length);
  let worst = { excess: -Infinity, at: -1 };
  for (let i = 0; i < expected.length; i++) {
    const excess = Math.abs(actual[i]! - expected[i]!) - absolute - relative * Math.abs(expected[i]!);
    if (!(excess <= worst.excess)) worst = { excess, at: i };
  }
  const { excess, at } = worst;
  expect(
    excess <= 0,
    `element ${at}: got ${actual[at]}, expected ${expected[at]}, ${excess} beyond the tolerance`,
  ).toBe(true);
}

/** As {@link expectCloseArrays} for a tensor; `expected` is a tensor of the same shape or its elements in row-major order. */
export async function expectClose(
  actual: tf.Tensor,
  expected: tf.Tensor | ArrayLike<number>,
  tolerance: { readonly absolute?: number; readonly relative?: number },
): Promise<void> {
  if (expected instanceof tf.Tensor) expect(actual.shape, 'shape').toEqual(expected.shape);
  expectCloseArrays(await actual.data(), expected instanceof tf.Tensor ? await expected.data() : expected, tolerance);
}
