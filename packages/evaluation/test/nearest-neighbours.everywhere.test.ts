import { expectCloseArrays, seeded } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { knnAccuracy, nearestNeighbours } from '../src/index.js';

const random = seeded(3);
const [rows, dims] = [600, 6]; // more than one block of rows
const features = { data: Float32Array.from({ length: rows * dims }, () => random() + 1), rows, dims };

describe('nearestNeighbours', () => {
  it.each([
    { standardize: false, groups: undefined },
    { standardize: true, groups: Array.from({ length: rows }, (_, i) => `g${i % 50}`) },
  ])('matches sorting all cosines (%o)', async ({ standardize, groups }) => {
    const k = 4;
    const before = tf.memory().numTensors;
    const found = await nearestNeighbours(features, { k, standardize, ...(groups ? { groups } : {}) });
    expect(tf.memory().numTensors).toBe(before);

    let vectors = Array.from({ length: rows }, (_, i) => [...features.data.subarray(i * dims, (i + 1) * dims)]);
    if (standardize) {
      const mean = vectors[0]!.map((_, d) => vectors.reduce((a, v) => a + v[d]!, 0) / rows);
      const std = mean.map((m, d) => Math.sqrt(vectors.reduce((a, v) => a + (v[d]! - m) ** 2, 0) / rows));
      vectors = vectors.map((v) => v.map((x, d) => (x - mean[d]!) / std[d]!));
    }
    const dot = (a: number[], b: number[]): number => a.reduce((sum, x, d) => sum + x * b[d]!, 0);
    const cosine = (a: number[], b: number[]): number => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    for (const i of [0, 1, 511, 512, 599]) {
      const others = vectors
        .map((v, j) => ({ j, similarity: cosine(vectors[i]!, v) }))
        .filter(({ j }) => j !== i && !(groups && groups[j] === groups[i]))
        .sort((a, b) => b.similarity - a.similarity);
      expectCloseArrays(
        found.similarities.subarray(i * k, (i + 1) * k),
        others.slice(0, k).map(({ similarity }) => similarity),
        { absolute: 1e-6 },
      );
      for (let n = 0; n < k; n++) {
        // The index may differ only where float32 cannot tell two cosines apart.
        const there = cosine(vectors[i]!, vectors[found.indices[i * k + n]!]!);
        expect(Math.abs(there - others[n]!.similarity)).toBeLessThan(1e-6);
      }
    }
  });

  it('marks places that no clip can take', async () => {
    const { indices, similarities } = await nearestNeighbours(
      { data: Float32Array.of(1, 0, 0, 1, 1, 1), rows: 3, dims: 2 },
      { k: 2, groups: ['a', 'a', 'b'], standardize: false },
    );
    expect([...indices]).toEqual([2, -1, 2, -1, 0, 1]);
    expect(similarities[1]).toBeNaN();
  });

  it('refuses more neighbours than clips and NaN', async () => {
    await expect(nearestNeighbours(features, { k: 600 })).rejects.toThrow('k from 1 to 599');
    const data = features.data.slice();
    data[13] = NaN;
    await expect(nearestNeighbours({ ...features, data })).rejects.toThrow('row 2 hold NaN');
  });
});

describe('knnAccuracy', () => {
  it('classes blobs rightly, and noise by chance', async () => {
    const labels = Int32Array.from({ length: rows }, (_, i) => i % 3);
    const data = features.data.map((value, i) => value + (i % dims === labels[Math.floor(i / dims)] ? 3 : 0));
    const near = await knnAccuracy({ features: { data, rows, dims }, labels, classes: 3, k: 5 });
    expect(near.accuracy).toBe(1);
    const noise = await knnAccuracy({ features, labels, classes: 3, k: 5 });
    expect(Math.abs(noise.accuracy - 1 / 3)).toBeLessThan(4 * Math.sqrt(2 / 9 / rows)); // four standard errors
  });

  it('lets near neighbours outvote many far ones with a temperature', async () => {
    // Row 0: one neighbour of class 1 at cosine 0.995, two of class 0 at 0.8.
    const task = {
      features: { data: Float32Array.of(1, 0, 1, 0.1, 0.8, 0.6, 0.8, -0.6), rows: 4, dims: 2 },
      labels: [1, 1, 0, 0],
      classes: 2,
      k: 3,
      standardize: false,
    };
    expect((await knnAccuracy(task)).predictions[0]).toBe(0);
    expect((await knnAccuracy({ ...task, temperature: 0.07 })).predictions[0]).toBe(1); // e^(0.195 / 0.07) = 16 > 2
    await expect(knnAccuracy({ ...task, temperature: 0 })).rejects.toThrow('temperature above 0, got 0');
  });

  it('breaks ties by similarity', async () => {
    // Row 0 is nearer to row 1 (class 1) than to row 2 (class 0): one vote each.
    const { predictions } = await knnAccuracy({
      features: { data: Float32Array.of(1, 0, 1, 0.1, 1, 0.5), rows: 3, dims: 2 },
      labels: [0, 1, 0],
      classes: 2,
      k: 2,
      standardize: false,
    });
    expect(predictions[0]).toBe(1);
  });
});
