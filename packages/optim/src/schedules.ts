/** A number for every step, counted from 0. */
export type Schedule = (step: number) => number;

const isSteps = (value: number): boolean => Number.isFinite(value) && value >= 0;

/**
 * A straight line from `from` at step 0 to `to` at step `steps`, then `to`, in double precision:
 * to - (to - from) (1 - step / steps).
 *
 * Source: `get_annealed_rate` of fairseq's EMA models, as used by MATPAC for its decays and its teacher temperature.
 *
 * @param options `steps`: length in steps, 0 or more; 0 is the constant `to`.
 * @throws Error for a length that is negative or not finite.
 * @example
 * const decay = linear({ from: 0.99995, to: 0.99999, steps: 294_816 });
 * decay(0); // 0.99995
 */
export function linear({
  from,
  to,
  steps,
}: {
  readonly from: number;
  readonly to: number;
  readonly steps: number;
}): Schedule {
  if (!isSteps(steps))
    throw new Error(`linear: expected steps of 0 or more, got ${steps}; give the length of the line`);
  return (step) => (step >= steps ? to : to - (to - from) * (1 - step / steps));
}

/**
 * from · rate^step, in double precision (the temperature of MATPAC++, arXiv 2508.12709: 0.1 · 0.99997^step).
 *
 * @param options `rate`: factor of one step, above 0.
 * @throws Error for a rate that is not above 0.
 * @example
 * const temperature = exponential({ from: 0.1, rate: 0.99997 });
 * temperature(982); // 0.0970969...
 */
export function exponential({ from, rate }: { readonly from: number; readonly rate: number }): Schedule {
  if (!(rate > 0 && Number.isFinite(rate))) {
    throw new Error(`exponential: expected a rate above 0, got ${rate}; it is the factor of one step, e.g. 0.99997`);
  }
  return (step) => from * rate ** step;
}

/** What {@link warmupCosine} is made of. */
export interface WarmupCosineOptions {
  /** The value at the end of the warm-up. */
  readonly peak: number;
  /** Steps of the straight line from `init` to `peak`; 0 starts at `peak`. */
  readonly warmup: number;
  /** The step at which `end` is reached, at least `warmup`. */
  readonly total: number;
  /** The value at step 0; 0 by default. */
  readonly init?: number;
  /** The value from step `total` on; 0 by default. */
  readonly end?: number;
}

/**
 * A linear warm-up, then half a cosine, in double precision: for step u < warmup, init + u (peak - init) / warmup; then
 * end + (peak - end) (1 + cos(π (u - warmup) / (total - warmup))) / 2; `end` from `total` on.
 *
 * Source: Loshchilov & Hutter 2017 (SGDR), eq. 5, one period without restarts; fairseq's `cosine` scheduler.
 *
 * @throws Error when the lengths are negative, not finite or `total` is below `warmup`.
 * @example
 * const learningRate = warmupCosine({ peak: 3e-4, warmup: 19_654, total: 294_816 });
 * learningRate(0); // 0: the first update of the reference changes no parameter
 */
export function warmupCosine({ peak, warmup, total, init = 0, end = 0 }: WarmupCosineOptions): Schedule {
  if (!isSteps(warmup) || !isSteps(total) || total < warmup) {
    throw new Error(
      `warmupCosine: expected 0 <= warmup <= total, got warmup ${warmup} and total ${total}; both count steps of the run`,
    );
  }
  return (step) => {
    if (step < warmup) return init + (step * (peak - init)) / warmup;
    if (step >= total) return end;
    return end + 0.5 * (peak - end) * (1 + Math.cos((Math.PI * (step - warmup)) / (total - warmup)));
  };
}
