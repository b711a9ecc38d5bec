/** One compared quantity: the worst differences over all its elements, and whether they are allowed. */
export interface Comparison {
  readonly quantity: string;
  /** Worst absolute difference. */
  readonly absolute: number;
  /** Worst relative difference. */
  readonly relative: number;
  /** What was allowed, in words. */
  readonly tolerance: string;
  readonly ok: boolean;
}

/** What may differ, and how the difference is measured. */
export interface Tolerance {
  readonly kind: 'absolute' | 'relative' | 'relative L2';
  readonly bound: number;
}

/**
 * Collects the worst difference of each quantity over steps and parameters, in the order in which they first appear.
 */
export class Differences {
  readonly #found = new Map<string, { tolerance: Tolerance; absolute: number; relative: number }>();

  /** Compares two arrays of the same length. */
  compare(quantity: string, actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: Tolerance): void {
    if (actual.length !== expected.length) {
      throw new Error(`${quantity}: ${actual.length} values against ${expected.length} recorded ones`);
    }
    let absolute = 0;
    let relative = 0;
    let [squares, scale] = [0, 0];
    for (let i = 0; i < expected.length; i++) {
      const [a, b] = [actual[i]!, expected[i]!];
      const difference = Math.abs(a - b);
      // NaN compares with nothing: make it the worst difference there is.
      absolute = Number.isNaN(difference) ? Infinity : Math.max(absolute, difference);
      relative = Math.max(relative, difference === 0 ? 0 : difference / Math.abs(b));
      squares += difference ** 2;
      scale += b ** 2;
    }
    if (tolerance.kind === 'relative L2') relative = squares === 0 ? 0 : Math.sqrt(squares / scale);
    const before = this.#found.get(quantity);
    this.#found.set(quantity, {
      tolerance,
      absolute: Math.max(absolute, before?.absolute ?? 0),
      relative: Math.max(relative, before?.relative ?? 0),
    });
  }

  /** One line per quantity. */
  list(): Comparison[] {
    return [...this.#found].map(([quantity, { tolerance, absolute, relative }]) => ({
      quantity,
      absolute,
      relative,
      tolerance: `${tolerance.bound.toExponential(1)} ${tolerance.kind}`,
      ok: (tolerance.kind === 'absolute' ? absolute : relative) <= tolerance.bound,
    }));
  }
}
