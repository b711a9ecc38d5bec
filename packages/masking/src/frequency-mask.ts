import { lines, type LineMaskOptions } from './line-mask.js';
import type { MaskStrategy } from './mask.js';

/**
 * Masks whole rows: one frequency band over all moments. round(freq * ratio) rows are masked (halves up), so the share of
 * masked tokens is the ratio to within half a row, which is coarse on few rows: 4 of 5 rows, 0.8, at ratio 0.7. Spans wrap
 * around from the top to the bottom and the last one is cut short, so every row is masked with the same probability and
 * every token stands in one of the lists. Both lists are ascending.
 *
 * Source: "frequency" masking in Audio-MAE (arXiv 2207.06405) section 3; spans as in SpecAugment (arXiv 1904.08779).
 *
 * @throws RangeError if the ratio is outside (0, 1) or the span below 1; when called, if the span is longer than the grid,
 * or if no row would be visible or none masked
 *
 * @example
 * const mask = frequencyMask({ ratio: 0.6 })({ freq: 5, time: 38 }, 64, Math.random); // (64, 76) and (64, 114)
 */
export function frequencyMask(options: LineMaskOptions): MaskStrategy {
  return lines('frequencyMask', 'freq', options);
}
