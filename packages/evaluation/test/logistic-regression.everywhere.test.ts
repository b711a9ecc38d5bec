import { readFileSync } from 'node:fs';
import { expectCloseArrays, seeded } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { designMatrix } from '../src/design-matrix.js';
import { logisticPath } from '../src/logistic-regression.js';
import { crossEntropy, maskedBinaryCrossEntropy } from '../src/losses.js';
import { fitScaler } from '../src/scaler.js';

interface Problem {
  readonly train: number;
  readonly dims: number;
  readonly classes: number;
  readonly features: number[][];
  readonly labels: number[];
  readonly fits: { readonly C: number; readonly loss: number; readonly logits: number[][] }[];
}
const { problems, multi } = JSON.parse(
  readFileSync(new URL('fixtures/logistic-regression.json', import.meta.url), 'utf8'),
) as { problems: Problem[]; multi: Omit<Problem, 'labels'> & { values: number[]; known: number[] } };

const precise = { tolerance: 1e-9, maxIterations: 2000 };

describe('logisticPath', () => {
  it.each(problems)('finds the minimum that scikit-learn finds ($train rows of $dims)', async (problem) => {
    const { train, dims, classes, fits } = problem;
    const all = { data: Float32Array.from(problem.features.flat()), rows: problem.features.length, dims };
    const rows = Int32Array.from({ length: train }, (_, i) => i);
    const others = Int32Array.from({ length: all.rows - train }, (_, i) => train + i);
    const scaler = fitScaler(all, rows);
    const before = tf.memory().numTensors;
    const design = await designMatrix(scaler.apply(all, rows), classes);
    const labels = Int32Array.from(problem.labels.slice(0, train));
    const grid = fits.map(({ C }) => C);
    let i = 0;
    for await (const { weights, loss } of logisticPath(design, crossEntropy(labels, classes), grid, precise)) {
      const expected = fits[i++]!;
      // Products in float32 leave the loss good to about 1e-6 relative and the weights to its square root.
      expectCloseArrays([loss], [expected.loss], { relative: 1e-5 });
      expectCloseArrays(await design.logits(weights, scaler.apply(all, others)), centred(expected.logits), {
        absolute: 2e-3,
        relative: 2e-3,
      });
    }
    expect(i).toBe(fits.length);
    design.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('fits several labels a clip, unknown ones left out, as scikit-learn does one by one', async () => {
    const { train, dims, classes, fits, values, known } = multi;
    const all = { data: Float32Array.from(multi.features.flat()), rows: multi.features.length, dims };
    const rows = Int32Array.from({ length: train }, (_, i) => i);
    const others = Int32Array.from({ length: all.rows - train }, (_, i) => train + i);
    const scaler = fitScaler(all, rows, 'center'); // scikit-learn has the features as they are: the bias makes up for it
    const design = await designMatrix(scaler.apply(all, rows), classes);
    const loss = maskedBinaryCrossEntropy(Uint8Array.from(values), Uint8Array.from(known));
    let i = 0;
    for await (const fit of logisticPath(
      design,
      loss,
      fits.map(({ C }) => C),
      precise,
    )) {
      const expected = fits[i++]!;
      expectCloseArrays([fit.loss], [expected.loss], { relative: 1e-5 });
      const logits = await design.logits(fit.weights, scaler.apply(all, others));
      expectCloseArrays(logits, expected.logits.flat(), { absolute: 2e-3, relative: 2e-3 });
    }
    expect(i).toBe(fits.length);
    design.dispose();
  });

  it('takes few iterations where the spectrum is wide, and stops as near to the minimum as told', async () => {
    // Variances from 1 to 1e-6, as frozen features have them: a first step along the plain gradient goes nowhere.
    const random = seeded(2);
    const [rows, dims, classes] = [120, 80, 4];
    const data = Float32Array.from(
      { length: rows * dims },
      (_, i) => (random() * 2 - 1) * 10 ** ((-3 * (i % dims)) / dims),
    );
    const labels = Int32Array.from(
      { length: rows },
      (_, i) => (data[i * dims]! > 0 ? 1 : 0) + (data[i * dims + 40]! > 0 ? 2 : 0),
    );
    const design = await designMatrix({ data, rows, dims }, classes);
    const fit = async (tolerance: number): Promise<{ loss: number; iterations: number }> => {
      for await (const found of logisticPath(design, crossEntropy(labels, classes), [1], {
        tolerance,
        maxIterations: 2000,
      })) {
        return found;
      }
      throw new Error('no fit');
    };
    const minimum = await fit(1e-9);
    const loose = await fit(1e-3);
    expect(loose.loss / minimum.loss - 1).toBeLessThan(3e-3);
    expect(loose.loss).toBeGreaterThanOrEqual(minimum.loss);
    expect(loose.iterations).toBeLessThan(minimum.iterations);
    expect(loose.iterations).toBeLessThan(15);
    design.dispose();
  });

  it('gives the same classifier in the span of few rows as in all dimensions', async () => {
    // The same clips twice over weigh twice as much: N rows at 2C and 2N rows at C share their solution.
    const random = seeded(1);
    const [rows, dims, classes] = [30, 40, 3];
    const data = Float32Array.from({ length: rows * dims }, () => random() * 2 - 1);
    const labels = Int32Array.from({ length: rows }, (_, i) => i % classes);
    const once = await designMatrix({ data, rows, dims }, classes); // 30 < 40: in the span
    const twice = await designMatrix({ data: Float32Array.of(...data, ...data), rows: 2 * rows, dims }, classes); // 60 > 40
    const logits: Float32Array[] = [];
    for (const [design, target, C] of [
      [once, labels, 0.2],
      [twice, Int32Array.of(...labels, ...labels), 0.1],
    ] as const) {
      for await (const { weights } of logisticPath(design, crossEntropy(target, classes), [C], precise)) {
        logits.push(await design.logits(weights, { data, rows, dims }));
      }
      design.dispose();
    }
    expectCloseArrays(logits[0]!, logits[1]!, { absolute: 1e-3 });
  });
});

/** The logits with their mean over the classes taken out, which a softmax does not see but the penalty brings to 0. */
function centred(logits: number[][]): number[] {
  return logits.flatMap((row) => row.map((value) => value - row.reduce((a, b) => a + b, 0) / row.length));
}
