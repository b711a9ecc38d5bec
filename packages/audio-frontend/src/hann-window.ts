/**
 * The periodic Hann window, 0.5 - 0.5 cos(2 pi i / length), as `torch.hann_window(length)`.
 *
 * @throws When `length` is not a whole number above 0.
 * @example
 * hannWindow(4); // Float64Array [0, 0.5, 1, 0.5]
 */
export function hannWindow(length: number): Float64Array {
  if (!Number.isInteger(length) || length < 1) {
    throw new RangeError(`hannWindow: expected a length in samples, a whole number above 0, got ${length}`);
  }
  return Float64Array.from({ length }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / length));
}
