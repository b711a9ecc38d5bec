import { seeded } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it, vi } from 'vitest';
import {
  accuracy,
  averagePrecision,
  fewShotProbe,
  linearProbe,
  multiLabelProbe,
  probeProtocols,
  type GradientProtocol,
} from '../src/index.js';
import { blobs } from './blobs.js';

/** EVAR's rules at a rate at which some hundred clips are learned in some ten epochs. */
const quick: GradientProtocol = {
  ...probeProtocols.evar,
  candidates: [0.03, 1e-6].map((learningRate) => ({ ...probeProtocols.evar.candidates[0]!, learningRate })),
  batchSize: 48,
  epochs: 10,
  patience: 4,
  seeds: [42, 43],
};
const hidden = { hidden: [16, 16], dropout: 0.1, learningRate: 0.01, weightDecay: 0, start: 'xavierNormal' } as const;

/** Fold 0 tested, the others trained on. */
const oneSplit = <T extends { readonly folds: Int32Array }>(task: T): T => ({
  ...task,
  folds: task.folds.map((fold) => (fold === 0 ? 0 : -1)),
});

describe('protocols that train in batches', () => {
  it('learn, choose the rate that learns, repeat with each seed, and leak no tensor', async () => {
    const task = oneSplit(blobs(96, 12, 4, 1.5));
    const before = tf.memory().numTensors;
    const result = await linearProbe({ ...task, protocol: quick });
    expect(tf.memory().numTensors).toBe(before);
    expect(result.accuracy).toBeGreaterThan(0.9);
    for (const setting of result.chosen) {
      expect(setting).toMatchObject({ learningRate: 0.03, hidden: [] });
      expect((setting as { epochs: number }).epochs).toBeLessThanOrEqual(10);
    }
    expect(result.perSeed).toHaveLength(2);
    expect(result.accuracy).toBeCloseTo((result.perSeed[0]! + result.perSeed[1]!) / 2, 12);
    const tested = (of: Int32Array): Int32Array => of.filter((_, row) => task.folds[row] === 0);
    expect(result.perSeed[0]).toBe(accuracy(tested(result.predictions), tested(task.labels)));
    expect(result.seedInterval!.mean).toBeCloseTo(result.accuracy, 12);
    expect(await linearProbe({ ...task, protocol: quick })).toEqual(result);
  });

  it('stop soon after the best epoch, and go back to it', async () => {
    const task = oneSplit(blobs(160, 40, 4, 0.3));
    const [candidate] = probeProtocols.evar.candidates;
    const early: GradientProtocol = {
      ...quick,
      candidates: [{ ...candidate!, learningRate: 0.01 }],
      epochs: 1000,
      patience: 3,
      tiesAreBetter: false,
      seeds: [1],
    };
    const { signal } = new AbortController();
    const looked = vi.spyOn(signal, 'throwIfAborted'); // once after each epoch
    const stopped = await linearProbe({ ...task, protocol: early, signal });
    const { epochs } = stopped.chosen[0] as { epochs: number };
    expect(epochs).toBeLessThan(100);
    expect(looked).toHaveBeenCalledTimes(epochs + 3);
    const upToThere = await linearProbe({ ...task, protocol: { ...early, epochs, patience: 1000 } });
    expect(stopped.predictions).toEqual(upToThere.predictions);
    const onwards = { ...early, epochs: epochs + 3, patience: 1000, validateEvery: 1000 };
    expect((await linearProbe({ ...task, protocol: onwards })).predictions).not.toEqual(stopped.predictions);
  });

  it('search the weight decay, too, where a protocol names several', async () => {
    const [decay, trained] = [0.3, 200];
    const clean = blobs(2 * trained, 100, 2, 0.25);
    // Fold 0 is tested, 1 validates; of the rest a third has the wrong label, which is better not learned by heart.
    const task = {
      ...clean,
      folds: clean.folds.map((fold) => (fold <= 1 ? fold : -1)),
      validationFold: 1,
      labels: clean.labels.map((label, row) => (clean.folds[row]! > 1 && row % 3 === 0 ? 1 - label : label)),
    };
    const withDecays = (...decays: number[]): GradientProtocol => ({
      ...probeProtocols.evar,
      candidates: decays.map((weightDecay) => ({
        ...probeProtocols.evar.candidates[0]!,
        learningRate: 0.02,
        weightDecay,
      })),
      epochs: 150,
      validateEvery: 150, // so that stopping early cannot stand in for the penalty
      seeds: [1],
    });
    const searched = await linearProbe({ ...task, protocol: withDecays(0, decay) });
    expect(searched.chosen[0]).toMatchObject({ weightDecay: decay });
    const without = await linearProbe({ ...task, protocol: withDecays(0) });
    expect(searched.accuracy).toBeGreaterThan(without.accuracy + 0.03);
    // The penalty of the mean loss is that of the exact solver's sum with C = 1 / (decay x clips), but for the bias.
    const exact = await linearProbe({
      ...task,
      protocol: { ...probeProtocols.exact, grid: [1 / (decay * trained)] },
    });
    const same = searched.predictions.filter((prediction, row) => prediction === exact.predictions[row]);
    expect(same.length / task.labels.length).toBeGreaterThan(0.97);
  });

  it('come to what the exact solver finds, with as good as no penalty', async () => {
    const clips = blobs(240, 6, 3, 0.6);
    // Fold 1 validates once, at the end, and is left out by both: the same clips are learned.
    const task = { ...clips, folds: clips.folds.map((fold) => (fold <= 1 ? fold : -1)), validationFold: 1 };
    const long = { ...quick, candidates: quick.candidates.slice(0, 1), epochs: 60, validateEvery: 60, seeds: [1] };
    const trained = await linearProbe({ ...task, protocol: long });
    const exact = await linearProbe({ ...task, protocol: { ...probeProtocols.exact, grid: [100] } });
    const same = trained.predictions.filter(
      (prediction, row) => prediction >= 0 && prediction === exact.predictions[row],
    );
    expect(same.length / trained.correct.length).toBeGreaterThan(0.95); // batches leave the weights near the minimum
  });

  it('train hidden layers with batch normalisation, and solve what a line cannot', { timeout: 180_000 }, async () => {
    const random = seeded(4);
    const rows = 240;
    const data = Float32Array.from({ length: rows * 2 }, () => random() * 2 - 1);
    const labels = Int32Array.from({ length: rows }, (_, i) => (data[2 * i]! * data[2 * i + 1]! > 0 ? 1 : 0)); // exclusive or
    const folds = Int32Array.from({ length: rows }, (_, i) => i % 3);
    const task = { features: { data, rows, dims: 2 }, labels, classes: 2, folds };
    const before = tf.memory().numTensors;
    const deep = await linearProbe({
      ...task,
      protocol: { ...probeProtocols.hear, candidates: [hidden], batchSize: 34, epochs: 40, patience: 8 },
    });
    expect(tf.memory().numTensors).toBe(before);
    expect(deep.accuracy).toBeGreaterThan(0.85);
    const line = await linearProbe(task);
    expect(line.accuracy).toBeLessThan(0.7);
  });

  it('validate on the clips they are given, and never see a tested one', async () => {
    const task = blobs(160, 12, 4, 0.5);
    const split = {
      ...task,
      folds: task.folds.map((fold) => (fold === 3 ? -1 : fold === 2 ? -1 : fold)),
      validationFold: 1,
    };
    const plain = await linearProbe({ ...split, protocol: quick });
    expect(plain.perFold.map(({ fold }) => fold)).toEqual([0]);
    const labels = task.labels.map((label, row) => (task.folds[row] === 0 ? (label + 1) % 4 : label));
    const relabelled = await linearProbe({ ...split, labels, protocol: quick });
    expect(relabelled.predictions).toEqual(plain.predictions);
    const exact = await linearProbe(split);
    expect(exact.perFold[0]!.clips).toBe(40);
  });

  it('find validation clips of every class where groups are large and few', async () => {
    // as in the shipped notes: 3 groups of 8 clips a class, 11 classes
    const task = blobs(11 * 24, 12, 11, 2);
    const groups = Int32Array.from(task.labels, (label, row) => label + 11 * (Math.floor(row / 11) % 3));
    const folds = Int32Array.from(groups, (group) => (group < 11 ? 0 : -1));
    const result = await linearProbe({ ...task, folds, groups, protocol: { ...quick, seeds: [1] } });
    expect(result.accuracy).toBeGreaterThan(0.7);
  });

  it('refuse what cannot be followed', async () => {
    const task = blobs(24, 4, 3, 1);
    const refuse = (change: Partial<GradientProtocol>, message: RegExp): Promise<void> =>
      expect(linearProbe({ ...task, protocol: { ...quick, ...change } })).rejects.toThrow(message);
    await refuse({ candidates: [] }, /at least one of candidates/);
    await refuse({ epochs: 0 }, /epochs to be a whole number above 0, got 0/);
    await refuse({ validation: { share: 1 } }, /validation\.share between 0 and 1/);
    await refuse({ candidates: [{ ...hidden, dropout: 1 }] }, /dropout/);
    await expect(linearProbe({ ...task, validationFold: 9 })).rejects.toThrow(/no clip is in the validationFold 9/);
    const alone = { ...task, labels: Int32Array.from({ length: 24 }, (_, i) => (i < 2 ? 2 : i % 2)) };
    alone.folds.set([0, 1]); // class 2 has one training clip left, which cannot both train and validate
    await expect(linearProbe({ ...alone, protocol: quick })).rejects.toThrow(/every class.*validationFold/);
  });
});

describe('presets', () => {
  it('follow the published protocols', () => {
    const { exact, matpac, evar, hear } = probeProtocols;
    expect([exact.standardize, matpac.standardize, evar.standardize, hear.standardize]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(evar).toMatchObject({ batchSize: 200, epochs: 200, patience: 20, seeds: [42, 43, 44], tiesAreBetter: true });
    expect(evar.candidates.every(({ hidden: layers }) => layers.length === 0)).toBe(true);
    expect(hear).toMatchObject({ batchSize: 1024, epochs: 500, validateEvery: 3, patience: 20, draw: 8 });
    expect(hear.candidates).toHaveLength(16);
  });

  it('matpac takes the features as they are: a scale that carries the class is not taken out', async () => {
    const task = blobs(120, 10, 3, 0.8);
    const stretched = {
      ...task,
      features: { ...task.features, data: task.features.data.map((value, i) => value * (i % 10 === 0 ? 100 : 1)) },
    };
    const grid = [0.001];
    const bare = { ...probeProtocols.matpac, grid };
    const scaled = { ...probeProtocols.exact, grid };
    const predict = async (of: typeof task, protocol: typeof bare | typeof scaled): Promise<number[]> => [
      ...(await linearProbe({ ...of, protocol })).predictions,
    ];
    expect(await predict(stretched, scaled)).toEqual(await predict(task, scaled));
    expect(await predict(stretched, bare)).not.toEqual(await predict(task, bare));
  });
});

describe('multiLabelProbe', () => {
  const random = seeded(6);
  const [rows, dims, classes] = [150, 8, 3];
  const data = Float32Array.from({ length: rows * dims }, () => random() * 2 - 1);
  const values = Uint8Array.from({ length: rows * classes }, (_, i) => {
    const noise = 0.1 * (random() * 2 - 1);
    return data[Math.floor(i / classes) * dims + (i % classes)]! + noise > 0.3 ? 1 : 0;
  });
  const known = Uint8Array.from({ length: rows * classes }, () => (random() < 0.5 ? 1 : 0));
  const folds = Int32Array.from({ length: rows }, (_, i) => (i % 3 === 0 ? 0 : -1));
  const task = { features: { data, rows, dims }, classes, folds };

  it('learns from the known labels, and measures on them alone', async () => {
    const before = tf.memory().numTensors;
    const result = await multiLabelProbe({ ...task, labels: { values, known } });
    expect(tf.memory().numTensors).toBe(before);
    expect(result.meanAveragePrecision).toBeGreaterThan(0.85);
    expect(result.interval.low).toBeLessThan(result.meanAveragePrecision);
    expect(result.interval.high).toBeGreaterThan(result.meanAveragePrecision);
    expect(result.dPrime).toBeGreaterThan(1);
    // The same figure by hand from the logits.
    const perClass = Array.from({ length: classes }, (_, c) => {
      const counted = Array.from(folds.keys()).filter((row) => folds[row] === 0 && known[row * classes + c]);
      return averagePrecision(
        counted.map((row) => result.logits[row * classes + c]!),
        counted.map((row) => values[row * classes + c]!),
      );
    });
    expect(result.meanAveragePrecision).toBeCloseTo(perClass.reduce((a, b) => a + b) / classes, 12);
    // What an unknown label says changes nothing at all.
    const flipped = values.map((value, i) => (known[i] ? value : 1 - value));
    expect(await multiLabelProbe({ ...task, labels: { values: flipped, known } })).toEqual(result);
  });

  it('tests every fold of many', async () => {
    const five = Int32Array.from({ length: rows }, (_, i) => i % 5);
    const result = await multiLabelProbe({ ...task, folds: five, labels: { values, known } });
    expect(result.perFold.map(({ fold, clips }) => [fold, clips])).toEqual([0, 1, 2, 3, 4].map((fold) => [fold, 30]));
    expect(result.meanAveragePrecision).toBeGreaterThan(0.85);
    expect(result.logits.every((value) => !Number.isNaN(value))).toBe(true);
  });

  it('trains in batches, too', async () => {
    const { meanAveragePrecision, perSeed } = await multiLabelProbe({
      ...task,
      labels: { values, known },
      protocol: { ...quick, candidates: [{ ...quick.candidates[0]!, learningRate: 0.2 }], batchSize: 25 },
    });
    expect(meanAveragePrecision).toBeGreaterThan(0.7);
    expect(perSeed).toHaveLength(2);
  });

  it('refuses labels that do not fit', async () => {
    await expect(multiLabelProbe({ ...task, labels: { values: values.subarray(1) } })).rejects.toThrow(
      'expected 150 x 3 of labels.values, got 449',
    );
    const odd = values.slice();
    odd[4] = 2;
    await expect(multiLabelProbe({ ...task, labels: { values: odd } })).rejects.toThrow('row 1, class 1 is 2');
  });
});

describe('fewShotProbe', () => {
  it('learns more from more clips, and says how the draws vary', async () => {
    const task = blobs(240, 12, 4, 0.6);
    const before = tf.memory().numTensors;
    const [one, five, all] = await Promise.all([
      fewShotProbe({ ...task, shots: 1, episodes: 4 }),
      fewShotProbe({ ...task, shots: 8, episodes: 4 }),
      linearProbe(task),
    ]);
    expect(tf.memory().numTensors).toBe(before);
    expect(one.perSeed).toHaveLength(4);
    expect(new Set(one.perSeed).size).toBeGreaterThan(1); // other clips, other accuracy
    expect(one.accuracy).toBeGreaterThan(0.3); // chance is 0.25
    expect(five.accuracy).toBeGreaterThan(one.accuracy + 0.05);
    expect(all.accuracy).toBeGreaterThan(five.accuracy);
    expect(one.seedInterval!.low).toBeLessThan(one.accuracy);
    expect(await fewShotProbe({ ...task, shots: 1, episodes: 4 })).toEqual(one);
  });

  it('is the linear probe when the shots are all there are', async () => {
    const task = blobs(80, 6, 4, 0.6);
    const protocol = { ...probeProtocols.exact, grid: [0.1] };
    const few = await fewShotProbe({ ...task, shots: 1000, episodes: 1, protocol });
    expect(few.predictions).toEqual((await linearProbe({ ...task, protocol })).predictions);
  });

  it('with one clip a class it goes by the inner product with that clip', async () => {
    const task = blobs(120, 6, 3, 1);
    const folds = task.folds.map((fold) => (fold === 0 ? -1 : 0));
    folds.fill(0, 3); // the first clip of each class trains, nothing else
    folds.fill(-1, 0, 3);
    const { predictions } = await fewShotProbe({
      ...task,
      folds,
      shots: 1,
      episodes: 1,
      protocol: { ...probeProtocols.matpac, grid: [1e-6, 1] },
    });
    const row = (i: number): Float32Array => task.features.data.subarray(i * 6, i * 6 + 6);
    const centre = [0, 1, 2].map(row).reduce((sum, x) => sum.map((v, d) => v + x[d]! / 3), new Float32Array(6));
    const inner = (i: number, k: number): number =>
      row(i).reduce((sum, value, d) => sum + (value - centre[d]!) * (row(k)[d]! - centre[d]!), 0);
    let same = 0;
    for (let i = 3; i < 120; i++) {
      const scores = [0, 1, 2].map((k) => inner(i, k));
      if (scores.indexOf(Math.max(...scores)) === predictions[i]) same++;
    }
    expect(same).toBeGreaterThanOrEqual(115); // float32 may turn a near tie
  });

  it('refuses no shots, and what linearProbe refuses', async () => {
    const task = blobs(24, 4, 3, 1);
    await expect(fewShotProbe({ ...task, shots: 0 })).rejects.toThrow('shots to be a whole number above 0');
    const groups = new Int32Array(24);
    await expect(fewShotProbe({ ...task, shots: 1, groups })).rejects.toThrow(/group 0 is in the folds 0 and 1/);
    await expect(fewShotProbe({ ...task, shots: 1, seed: 0.5 })).rejects.toThrow(
      'expected a seed that is a whole number, got 0.5',
    );
  });
});
