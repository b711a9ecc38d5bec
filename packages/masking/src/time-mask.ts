import { lines, type LineMaskOptions } from './line-mask.js';
import type { MaskStrategy } from './mask.js';

/**
 * Masks whole columns: all frequencies of a moment. round(time * ratio) columns are masked (halves up), so the share of
 * masked tokens is the ratio to within half a column: 27 of 38 columns, 0.711, at ratio 0.7. Spans wrap around from the
 * end to the start and the last one is cut short, so every column is masked with the same probability and every token
 * stands in one of the lists. Both lists are ascending.
 *
 * Source: "time" masking in Audio-MAE (arXiv 2207.06405) section 3; spans as in SpecAugment (arXiv 1904.08779).
 *
 * @throws RangeError if the ratio is outside (0, 1) or the span below 1; when called, if the span is longer than the grid,
 * or if no column would be visible or none masked
 *
 * @example
 * const mask = timeMask({ ratio: 0.7 })({ freq: 5, time: 38 }, 64, Math.random); // (64, 55) and (64, 135)
 */
export function timeMask(options: LineMaskOptions): MaskStrategy {
  return lines('timeMask', 'time', options);
}
