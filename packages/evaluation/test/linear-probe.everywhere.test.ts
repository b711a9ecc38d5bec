import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { groupFolds, linearProbe, probeProtocols, type LinearProbeOptions } from '../src/index.js';
import { blobs as plainBlobs } from './blobs.js';

const protocol = { ...probeProtocols.exact, grid: [0.001, 0.01, 0.1, 1] };
const blobs = (...how: Parameters<typeof plainBlobs>): LinearProbeOptions => ({ ...plainBlobs(...how), protocol });

describe('linearProbe', () => {
  it('classes separable clips rightly and leaks no tensor', async () => {
    const before = tf.memory().numTensors;
    const result = await linearProbe(blobs(120, 20, 3, 2));
    expect(result.accuracy).toBeGreaterThan(0.97);
    expect(result.interval.low).toBeLessThanOrEqual(result.accuracy);
    expect(result.interval.high).toBeGreaterThanOrEqual(result.accuracy);
    expect(result.perFold.map(({ fold, clips }) => [fold, clips])).toEqual([0, 1, 2, 3].map((fold) => [fold, 30]));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('finds nothing in noise', async () => {
    const { accuracy } = await linearProbe(blobs(300, 100, 3, 0));
    expect(accuracy).toBeLessThan(1 / 3 + 4 * Math.sqrt(2 / 9 / 300)); // four standard errors above chance
    expect(accuracy).toBeGreaterThan(1 / 3 - 4 * Math.sqrt(2 / 9 / 300));
  });

  it('finds a C that classes even where many small ones are equally bad', async () => {
    // One class is the most common: with a small C everything is put into it, whatever the C.
    const { features, labels, folds } = plainBlobs(120, 4, 3, 2);
    const kept = Array.from(labels.keys()).filter((row) => labels[row] === 0 || row % 8 < 4);
    const { accuracy, chosen } = await linearProbe({
      features: {
        data: Float32Array.from(kept.flatMap((row) => [...features.data.subarray(4 * row, 4 * row + 4)])),
        rows: kept.length,
        dims: 4,
      },
      labels: Int32Array.from(kept, (row) => labels[row]!),
      folds: Int32Array.from(kept, (row) => folds[row]!),
      classes: 3,
    });
    expect(accuracy).toBeGreaterThan(0.9);
    for (const setting of chosen) expect((setting as { C: number }).C).toBeGreaterThan(1e-4);
  });

  it.each([
    ['a grid of four', protocol],
    ['the default grid', probeProtocols.exact],
  ])('never lets a tested clip touch the scaler, the choice of C or the fit of its fold: %s', async (_, by) => {
    const options = { ...blobs(120, 20, 3, 0.3), protocol: by };
    const plain = await linearProbe(options);
    const data = options.features.data.slice();
    // Fold 0 gets other features and other labels: everything that is chosen and fitted for fold 0 stays the same.
    const labels = options.labels.slice();
    options.folds.forEach((fold, row) => {
      if (fold !== 0) return;
      labels[row] = (labels[row]! + 1) % 3;
      for (let d = 0; d < 20; d++) data[row * 20 + d] = data[row * 20 + d]! * 3 - 7;
    });
    const relabelled = await linearProbe({ ...options, labels });
    expect(relabelled.chosen[0]).toEqual(plain.chosen[0]);
    options.folds.forEach((fold, row) => {
      if (fold === 0) expect(relabelled.predictions[row]).toBe(plain.predictions[row]);
    });
    const moved = await linearProbe({ ...options, features: { ...options.features, data } });
    expect(moved.chosen[0]).toEqual(plain.chosen[0]);
  });

  it('gives the same result twice', async () => {
    const options = blobs(120, 20, 3, 0.3);
    expect(await linearProbe(options)).toEqual(await linearProbe(options));
  });

  it('takes one fixed split, with folds drawn inside its training clips', async () => {
    const options = blobs(120, 20, 3, 1);
    const folds = options.folds.map((fold) => (fold === 0 ? 0 : -1));
    const { predictions, correct, perFold } = await linearProbe({ ...options, folds });
    expect(perFold).toHaveLength(1);
    expect(correct).toHaveLength(30);
    predictions.forEach((prediction, row) => expect(prediction === -1).toBe(folds[row] === -1));
  });

  it('takes group folds and draws groups for the interval', async () => {
    const options = blobs(240, 10, 3, 0.4);
    const groups = Array.from(options.labels, (label, row) => `${label}-${Math.floor(row / 24)}`);
    const folds = groupFolds(groups, options.labels, 5, 1);
    const { interval } = await linearProbe({ ...options, folds, groups });
    const single = await linearProbe({ ...options, folds });
    expect(interval.mean).toBe(single.interval.mean);
    expect(interval).not.toEqual(single.interval);
  });

  it('says how far it is, and stops when told to', async () => {
    const controller = new AbortController();
    const seen: [number, number][] = [];
    const onProgress = ({ done, total }: { done: number; total: number }): void => {
      seen.push([done, total]);
      if (done === 2) controller.abort();
    };
    const before = tf.memory().numTensors;
    await expect(linearProbe({ ...blobs(120, 20, 3, 1), onProgress, signal: controller.signal })).rejects.toThrow(
      /abort/i,
    );
    expect(seen).toEqual([
      [1, 10], // 6 pairs of folds to choose C, 4 final fits
      [2, 10],
    ]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses what cannot be probed, and says what to do', async () => {
    const options = blobs(24, 4, 3, 1);
    const refuse = (change: Partial<LinearProbeOptions>, message: RegExp): Promise<void> =>
      expect(linearProbe({ ...options, ...change })).rejects.toThrow(message);
    const data = options.features.data.slice();
    data[4 * 4 + 2] = NaN;
    await refuse({ features: { ...options.features, data } }, /row 4 hold NaN \(dimension 2\)/);
    await refuse({ labels: options.labels.map((l, i) => (i === 7 ? 3 : l)) }, /label of row 7 is 3.*0\.\.2/);
    await refuse({ classes: 4 }, /class 3 has 0 clips/);
    await refuse(
      { labels: Int32Array.from({ length: 24 }, (_, i) => (i === 5 ? 2 : i % 2)) },
      /class 2 has 1 clip, all in fold 1/,
    );
    await refuse({ folds: new Int32Array(24) }, /all clips are in one fold/);
    await refuse({ folds: new Int32Array(24).fill(-1) }, /no clip is in a fold/);
    await refuse({ folds: new Int32Array(23) }, /23 for 24 rows/);
    await refuse({ groups: new Int32Array(24) }, /group 0 is in the folds 0 and 1/);
    await refuse({ protocol: { ...protocol, grid: [] } }, /above 0 in grid/);
    await refuse({ protocol: { ...protocol, grid: [-1] } }, /above 0 in grid/);
  });
});
