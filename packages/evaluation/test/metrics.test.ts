import { expectCloseArrays, seeded } from '@audio-ssl/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accuracy,
  averagePrecision,
  bootstrapInterval,
  bootstrapMetric,
  confusionMatrix,
  groupFolds,
  describeLogMel,
  pairedBootstrap,
  poolFrames,
  studentInterval,
} from '../src/index.js';

describe('accuracy and confusionMatrix', () => {
  it('count', () => {
    expect(accuracy([0, 1, 2, 2], [0, 1, 1, 2])).toBe(0.75);
    expect([...confusionMatrix([0, 1, 2, 2, -1], [0, 1, 1, 2, 0], 3)]).toEqual([1, 0, 0, 0, 1, 1, 0, 0, 1]);
  });

  it('refuse arrays that do not fit', () => {
    expect(() => accuracy([0], [0, 1])).toThrow(
      'accuracy: expected one value in predictions per row, got 1 for 2 rows',
    );
    expect(() => accuracy([], [])).toThrow('at least one clip');
    expect(() => confusionMatrix([3], [0], 2)).toThrow('prediction of row 0 is 3, expected 0..1');
    expect(() => confusionMatrix([0], [2], 2)).toThrow('label of row 0 is 2');
  });
});

describe('bootstrapInterval', () => {
  const flips = (n: number, p: number, seed: number): number[] => {
    const random = seeded(seed);
    return Array.from({ length: n }, () => (random() < p ? 1 : 0));
  };

  it('is as wide as the normal approximation of a binomial share', () => {
    const values = flips(2000, 0.6, 1);
    const { mean, low, high } = bootstrapInterval(values, { resamples: 4000 });
    const half = 1.96 * Math.sqrt((mean * (1 - mean)) / 2000);
    expectCloseArrays([low, high], [mean - half, mean + half], { absolute: 0.1 * half }); // Monte Carlo error about 3 %
  });

  it('covers the truth about as often as it says', () => {
    let covered = 0;
    for (let seed = 0; seed < 200; seed++) {
      const { low, high } = bootstrapInterval(flips(100, 0.7, seed), { resamples: 500, seed });
      if (low <= 0.7 && high >= 0.7) covered++;
    }
    // 95 % promised; the percentile interval of 100 draws is a little short; binomial standard error 1.5 points.
    expect(covered / 200).toBeGreaterThan(0.88);
    expect(covered / 200).toBeLessThan(1);
  });

  it('is wider when clips of one group agree', () => {
    const perGroup = flips(40, 0.5, 3);
    const values = perGroup.flatMap((value) => Array<number>(10).fill(value));
    const groups = perGroup.flatMap((_, g) => Array<string>(10).fill(`g${g}`));
    const grouped = bootstrapInterval(values, { groups });
    const single = bootstrapInterval(values);
    expect(grouped.mean).toBe(single.mean);
    expect((grouped.high - grouped.low) / (single.high - single.low)).toBeGreaterThan(2.5); // sqrt(10) in theory
    // Drawing whole groups of equal size is drawing the 40 group values.
    expect(grouped).toEqual(bootstrapInterval(perGroup));
  });

  it('depends on the seed alone', () => {
    const values = flips(5000, 0.5, 1).map((value, i) => value * i);
    expect(bootstrapInterval(values, { seed: 4 })).toEqual(bootstrapInterval(values, { seed: 4 }));
    expect(bootstrapInterval(values, { seed: 4 })).not.toEqual(bootstrapInterval(values, { seed: 5 }));
  });

  it('refuses bad input', () => {
    expect(() => bootstrapInterval([])).toThrow('at least one value');
    expect(() => bootstrapInterval([1, NaN])).toThrow('row 1 is NaN');
    expect(() => bootstrapInterval([1], { level: 1 })).toThrow('level');
    expect(() => bootstrapInterval([1], { resamples: 0 })).toThrow('resamples');
    expect(() => bootstrapInterval([1], { groups: [1, 2] })).toThrow('one value in groups per row');
  });
});

describe('pairedBootstrap', () => {
  it('is narrow where the two agree on what is hard', () => {
    const random = seeded(5);
    const before = Array.from({ length: 500 }, () => (random() < 0.5 ? 1 : 0));
    const after = before.map((value, i) => (i % 20 === 0 ? 1 : value));
    const gain = pairedBootstrap(after, before);
    const gains = after.map((value, i) => value - before[i]!);
    expect(gain.mean).toBeCloseTo(accuracy(after, Array(500).fill(1)) - accuracy(before, Array(500).fill(1)), 12);
    expect(gain).toEqual(bootstrapInterval(gains));
    expect(gain.low).toBeGreaterThanOrEqual(0);
    expect(gain.high - gain.low).toBeLessThan(0.04); // two independent accuracies of 500 would give 0.12
  });
});

describe('bootstrapMetric', () => {
  it('is the interval of the mean when the metric is the mean', () => {
    const values = [1, 0, 1, 1, 0, 1, 0, 1];
    const mean = (weights: Float64Array): number =>
      values.reduce((sum, value, i) => sum + weights[i]! * value, 0) / weights.reduce((a, b) => a + b);
    const found = bootstrapMetric(8, mean, { seed: 3 });
    const expected = bootstrapInterval(values, { seed: 3 });
    // a mean has no bias; what is estimated is the error of 2000 draws, 0.004 by the standard deviation of a draw
    expectCloseArrays(Object.values(found), Object.values(expected), { absolute: 0.016 });
  });

  it('covers what other clips give for average precision, which clips drawn twice flatter', () => {
    const random = seeded(9);
    const gauss = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const labels = Array.from({ length: 60 }, (_, i) => (i < 9 ? 1 : 0));
    const scores = (): number[] => labels.map((label) => label + gauss());
    const sets = 300;
    const truth = Array.from({ length: 4000 }, () => averagePrecision(scores(), labels)).reduce((a, b) => a + b) / 4000;
    let [covered, moved] = [0, 0];
    for (let seed = 0; seed < sets; seed++) {
      const drawn = scores();
      const ap = (weights: Float64Array): number => averagePrecision(drawn, labels, weights);
      const { mean, low, high } = bootstrapMetric(60, ap, { resamples: 200, seed });
      if (low <= truth && truth <= high) covered++;
      moved += ((low + high) / 2 - mean) / sets;
    }
    expect(covered / sets).toBeGreaterThan(0.9); // 95 % promised, five standard errors
    expect(Math.abs(moved)).toBeLessThan(0.01); // the bare percentiles lie 0.023 too high
  });

  it('leaves out resamples without a value, and refuses clips without one', () => {
    const ap = (weights: Float64Array): number => averagePrecision([3, 2, 1], [0, 1, 0], weights);
    const { mean, low, high } = bootstrapMetric(3, ap);
    expect(mean).toBe(0.5);
    expect([low, high].every(Number.isFinite)).toBe(true);
    expect(() => bootstrapMetric(2, () => NaN)).toThrow('is NaN; is no class present?');
  });
});

describe('studentInterval', () => {
  it('covers the truth as often as it says, for as few as three seeds', () => {
    const random = seeded(8);
    const gauss = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    let covered = 0;
    for (let i = 0; i < 2000; i++) {
      const { low, high } = studentInterval([gauss(), gauss(), gauss()]);
      if (low <= 0 && high >= 0) covered++;
    }
    expect(Math.abs(covered / 2000 - 0.95)).toBeLessThan(0.02); // four standard errors
  });

  it('refuses one value', () => expect(() => studentInterval([1])).toThrow('two or more numbers, got [1]'));
});

describe('groupFolds', () => {
  const clips = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 29 }), fc.integer({ min: 0, max: 3 })), { minLength: 40, maxLength: 200 })
    .map((pairs) => ({ groups: pairs.map(([g]) => g), labels: pairs.map(([, l]) => l) }));

  it('never splits a group, uses every fold, and depends on the seed alone', () => {
    fc.assert(
      fc.property(clips, fc.integer({ min: 2, max: 5 }), fc.integer(), ({ groups, labels }, k, seed) => {
        const distinct = new Set(groups).size;
        fc.pre(distinct >= 3 * k);
        const folds = groupFolds(groups, labels, k, seed);
        const foldOf = new Map<number, number>();
        groups.forEach((g, i) => {
          expect(foldOf.get(g) ?? folds[i]).toBe(folds[i]);
          foldOf.set(g, folds[i]!);
        });
        expect(new Set(folds).size).toBe(k);
        expect(groupFolds(groups, labels, k, seed)).toEqual(folds);
      }),
      { numRuns: 50 },
    );
  });

  it('deals the classes out evenly', () => {
    // 11 families, 20 instruments of 10 notes each: every fold gets 4 instruments of every family.
    const groups = Array.from({ length: 2200 }, (_, i) => Math.floor(i / 10));
    const labels = groups.map((g) => g % 11);
    const folds = groupFolds(groups, labels, 5, 0);
    for (let fold = 0; fold < 5; fold++) {
      for (let label = 0; label < 11; label++) {
        expect(groups.filter((_, i) => folds[i] === fold && labels[i] === label)).toHaveLength(40);
      }
    }
    expect(groupFolds(groups, labels, 5, 1)).not.toEqual(folds);
  });

  it('refuses more folds than groups', () => {
    expect(() => groupFolds(['a', 'b'], [0, 1], 3, 0)).toThrow('from 2 to the number of groups (2), got 3');
  });
});

describe('poolFrames', () => {
  it('matches a loop over each dimension', () => {
    const random = seeded(2);
    const [rows, dims] = [7, 3];
    const data = Float32Array.from({ length: rows * dims }, () => random() * 10 - 8);
    const columns = Array.from({ length: dims }, (_, d) =>
      Array.from({ length: rows }, (__, t) => data[t * dims + d]!),
    );
    const mean = columns.map((c) => c.reduce((a, b) => a + b) / rows);
    const std = columns.map((c, d) => Math.sqrt(c.reduce((a, x) => a + (x - mean[d]!) ** 2, 0) / rows));
    const max = columns.map((c) => Math.max(...c));
    expectCloseArrays(poolFrames({ data, rows, dims }, 'mean'), mean, { absolute: 1e-6 });
    expectCloseArrays(poolFrames({ data, rows, dims }, 'max'), max, { absolute: 1e-6 });
    expectCloseArrays(poolFrames({ data, rows, dims }, 'mean+std'), [...mean, ...std], { absolute: 1e-6 });
    expectCloseArrays(poolFrames({ data, rows, dims }, 'mean+max'), [...mean, ...max], { absolute: 1e-6 });
    expectCloseArrays(poolFrames({ data, rows, dims }, 'mean+std+max'), [...mean, ...std, ...max], { absolute: 1e-6 });
  });

  it('refuses no frames and other poolings', () => {
    expect(() => poolFrames({ data: new Float32Array(0), rows: 0, dims: 3 }, 'mean')).toThrow('at least one row');
    expect(() => poolFrames({ data: new Float32Array(3), rows: 1, dims: 3 }, 'median' as 'mean')).toThrow(
      "got 'median'",
    );
  });
});

describe('describeLogMel', () => {
  it('gives mean, std, max and mean absolute difference of each band', () => {
    const spectrogram = { data: Float32Array.of(0, 2, 1, 1, -5, -5, -5, -5), bins: 2, frames: 4 };
    const std = Math.sqrt((1 + 1 + 0 + 0) / 4);
    expectCloseArrays(describeLogMel(spectrogram), [1, -5, std, 0, 2, -5, 1, 0], { absolute: 1e-6 });
    expectCloseArrays(describeLogMel({ data: Float32Array.of(3), bins: 1, frames: 1 }), [3, 0, 3, 0], {});
  });
});
