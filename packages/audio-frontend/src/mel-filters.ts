import { melFilterBank, type MelFilterBankOptions } from './mel-filter-bank.js';

/** The part of a mel filter that is not zero, and the frequency where it starts. */
export interface MelFilter {
  readonly first: number;
  readonly weights: Float64Array;
}

/** The filters of {@link melFilterBank} without their zeros. */
export function melFilters(options: MelFilterBankOptions): MelFilter[] {
  return melFilterBank(options).map((filter) => {
    const first = filter.findIndex((weight) => weight > 0);
    let end = filter.length;
    while (filter[end - 1] === 0) end--;
    return { first, weights: filter.slice(first, end) };
  });
}
