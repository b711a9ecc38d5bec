import { readFileSync } from 'node:fs';
import { expectCloseArrays, seeded } from '@audio-ssl/testing';
import { describe, expect, it } from 'vitest';
import { accuracy, averagePrecision, dPrime, meanAveragePrecision, meanRocAuc, rocAuc } from '../src/index.js';
import { studentQuantile } from '../src/quantiles.js';

interface Binary {
  readonly name: string;
  readonly scores: number[];
  readonly labels: number[];
  readonly weights: number[];
  readonly averagePrecision: number;
  readonly rocAuc: number | null;
  readonly weightedAveragePrecision: number;
  readonly weightedRocAuc: number | null;
}
interface Multi {
  readonly name: string;
  readonly classes: number;
  readonly scores: number[];
  readonly values: number[];
  readonly known: number[];
  readonly averagePrecision: (number | null)[];
  readonly rocAuc: (number | null)[];
  readonly meanAveragePrecision: number;
  readonly meanRocAuc: number;
  readonly dPrime: number;
}
const recorded = JSON.parse(readFileSync(new URL('fixtures/metrics.json', import.meta.url), 'utf8')) as {
  accuracy: { labels: number[]; predictions: number[]; value: number };
  binary: Binary[];
  multi: Multi[];
  dPrime: { auc: number; value: number }[];
  studentQuantile: { degrees: number; value: number }[];
};

// Sums of at most some hundred terms in double precision, in another order than NumPy's.
const close = { absolute: 1e-12 };
const orNaN = (value: number | null): number => value ?? NaN;

describe('against scikit-learn', () => {
  it('accuracy', () => {
    const { labels, predictions, value } = recorded.accuracy;
    expect(accuracy(predictions, labels)).toBe(value);
  });

  it.each(recorded.binary)('averagePrecision and rocAuc: $name', (problem) => {
    const { scores, labels, weights } = problem;
    expectCloseArrays([averagePrecision(scores, labels)], [problem.averagePrecision], close);
    expectCloseArrays([averagePrecision(scores, labels, weights)], [problem.weightedAveragePrecision], close);
    expectNaNOrClose([rocAuc(scores, labels)], [orNaN(problem.rocAuc)]);
    expectNaNOrClose([rocAuc(scores, labels, weights)], [orNaN(problem.weightedRocAuc)]);
  });

  it.each(recorded.multi)('macro mAP, ROC-AUC and d-prime: $name', (problem) => {
    const ap = meanAveragePrecision(problem);
    expectNaNOrClose(ap.perClass, problem.averagePrecision.map(orNaN));
    expect(ap.counted).toBe(problem.averagePrecision.filter((value) => value !== null).length);
    expectCloseArrays([ap.mean], [problem.meanAveragePrecision], close);
    const auc = meanRocAuc(problem);
    expectNaNOrClose(auc.perClass, problem.rocAuc.map(orNaN));
    expectCloseArrays([auc.mean], [problem.meanRocAuc], close);
    expectCloseArrays([dPrime(auc.mean)], [problem.dPrime], { absolute: 1e-7 });
  });

  it('quantiles behind d-prime and intervals', () => {
    for (const { auc, value } of recorded.dPrime) expectCloseArrays([dPrime(auc)], [value], { absolute: 1e-7 });
    expect(dPrime(1)).toBe(Infinity);
    for (const { degrees, value } of recorded.studentQuantile) {
      expectCloseArrays([studentQuantile(0.975, degrees)], [value], { relative: 1e-7 }); // jstat inverts by iteration
    }
  });
});

describe('averagePrecision and rocAuc', () => {
  it('match their definitions as naive loops', () => {
    const random = seeded(1);
    for (let round = 0; round < 20; round++) {
      const scores = Array.from({ length: 40 }, () => Math.round(8 * random()));
      const labels = scores.map(() => (random() < 0.3 ? 1 : 0));
      labels[0] = 1;
      labels[1] = 0;
      const positives = scores.filter((_, i) => labels[i] === 1);
      const negatives = scores.filter((_, i) => labels[i] === 0);
      const pairs = positives.flatMap((p) => negatives.map((n): number => (p > n ? 1 : p === n ? 0.5 : 0)));
      expectCloseArrays([rocAuc(scores, labels)], [pairs.reduce((a, b) => a + b) / pairs.length], close);
      let [area, before] = [0, 0];
      for (const threshold of [...new Set(scores)].sort((a, b) => b - a)) {
        const right = positives.filter((score) => score >= threshold).length;
        const taken = scores.filter((score) => score >= threshold).length;
        area += (right / positives.length - before) * (right / taken);
        before = right / positives.length;
      }
      expectCloseArrays([averagePrecision(scores, labels)], [area], close);
    }
  });

  it('take a weight as that many copies of a clip', () => {
    const scores = [3, 1, 2, 2, 0];
    const labels = [1, 0, 0, 1, 1];
    const weights = [2, 0, 3, 1, 1];
    const copies = (values: number[]): number[] => values.flatMap((value, i) => Array<number>(weights[i]!).fill(value));
    for (const metric of [averagePrecision, rocAuc]) {
      expectCloseArrays([metric(scores, labels, weights)], [metric(copies(scores), copies(labels))], close);
    }
  });

  it('refuse what cannot be ranked', () => {
    expect(() => averagePrecision([1, NaN], [0, 1])).toThrow('averagePrecision: the score of row 1 is NaN');
    expect(() => averagePrecision([1], [0, 1])).toThrow('2 for 1 rows');
    expect(() => rocAuc([1, 2], [0, 2])).toThrow('label of row 1 is 2, expected 0 or 1');
    expect(() => rocAuc([1, 2], [0, 1], [1, -1])).toThrow('weight of row 1 is -1');
    expect(() => meanAveragePrecision({ scores: [1, 2, 3], values: [1, 0, 1], classes: 2 })).toThrow(
      '(rows, 2), got 3',
    );
    expect(() => meanRocAuc({ scores: [1, 2], values: [1, 0], known: [1], classes: 1 })).toThrow(
      'as many known as scores, got 1 for 2',
    );
    expect(() => meanRocAuc({ scores: [1, 2], values: [1, 0], known: [1, 0.5], classes: 1 })).toThrow(
      'known of row 1, class 0 is 0.5, expected 0 or 1',
    );
    expect(() => dPrime(1.1)).toThrow('in [0, 1], got 1.1');
  });
});

function expectNaNOrClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(Array.from(actual, Number.isNaN)).toEqual(expected.map(Number.isNaN));
  const numbers = (values: ArrayLike<number>): number[] => Array.from(values).filter((value) => !Number.isNaN(value));
  expectCloseArrays(numbers(actual), numbers(expected), close);
}
