import { expectCloseArrays, seeded } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { buildIndex, nearestNeighbours, search, type Features } from '../src/index.js';

const [rows, dims, queries] = [60, 5, 600]; // more than one block of queries
const random = seeded(11);
const made = (count: number): Features => ({
  data: Float32Array.from({ length: count * dims }, () => random() + 1),
  rows: count,
  dims,
});
const stored = made(rows);
const query = made(queries);

/** Every row of the index with its similarity to one query, nearest first, by loops in double precision. */
function naive(row: number, standardize: boolean): { j: number; similarity: number }[] {
  const vector = ({ data }: Features, i: number): number[] => [...data.subarray(i * dims, (i + 1) * dims)];
  const all = Array.from({ length: rows }, (_, i) => vector(stored, i));
  const mean = all[0]!.map((_, d) => all.reduce((sum, v) => sum + v[d]!, 0) / rows);
  const std = mean.map((m, d) => Math.sqrt(all.reduce((sum, v) => sum + (v[d]! - m) ** 2, 0) / rows));
  const scale = (v: number[]): number[] => (standardize ? v.map((x, d) => (x - mean[d]!) / std[d]!) : v);
  const dot = (a: number[], b: number[]): number => a.reduce((sum, x, d) => sum + x * b[d]!, 0);
  const q = scale(vector(query, row));
  return all
    .map(scale)
    .map((v, j) => ({ j, similarity: dot(q, v) / Math.sqrt(dot(q, q) * dot(v, v)) }))
    .sort((a, b) => b.similarity - a.similarity);
}

describe('search', () => {
  it.each([true, false])('finds for new vectors what loops find (standardize: %o)', async (standardize) => {
    const before = tf.memory().numTensors;
    const index = buildIndex(stored, { standardize });
    const k = 4;
    const { indices, similarities } = await search(index, query, k);
    index.dispose();
    expect(tf.memory().numTensors).toBe(before);
    for (let i = 0; i < queries; i++) {
      const expected = naive(i, standardize);
      expectCloseArrays(
        similarities.subarray(i * k, (i + 1) * k),
        expected.slice(0, k).map(({ similarity }) => similarity),
        { absolute: 1e-6 },
      );
      // The row may differ only where float32 cannot tell two cosines apart.
      for (let n = 0; n < k; n++) {
        const { similarity } = expected.find(({ j }) => j === indices[i * k + n])!;
        expect(Math.abs(similarity - expected[n]!.similarity)).toBeLessThan(1e-6);
      }
    }
  });

  it('finds a vector of the index itself first, and then what nearestNeighbours finds', async () => {
    const index = buildIndex(stored);
    const { indices, similarities } = await search(index, stored, 4);
    const others = await nearestNeighbours(stored, { k: 3 });
    for (let i = 0; i < rows; i++) {
      expect(indices[i * 4]).toBe(i);
      expect(similarities[i * 4]).toBeCloseTo(1, 5);
      expect(indices.subarray(i * 4 + 1, i * 4 + 4)).toEqual(others.indices.subarray(i * 3, i * 3 + 3));
    }
    index.dispose();
  });

  it('leaves places over where k is larger than the index', async () => {
    const index = buildIndex({ data: Float32Array.of(1, 0, 0, 1), rows: 2, dims: 2 }, { standardize: false });
    const { indices, similarities, k } = await search(index, { data: Float32Array.of(0, 2), rows: 1, dims: 2 }, 4);
    expect([...indices]).toEqual([1, 0, -1, -1]);
    expect([...similarities]).toEqual([1, 0, NaN, NaN]);
    expect(k).toBe(4);
    index.dispose();
  });

  it('gives a vector of zeros the similarity 0 to all, the lower row first', async () => {
    const index = buildIndex({ data: Float32Array.of(1, 0, 0, 0, 0, 1), rows: 3, dims: 2 }, { standardize: false });
    const found = await search(index, { data: Float32Array.of(0, 0, 1, 0), rows: 2, dims: 2 }, 3);
    expect([...found.indices]).toEqual([0, 1, 2, 0, 1, 2]);
    expect([...found.similarities]).toEqual([0, 0, 0, 1, 0, 0]);
    index.dispose();
  });

  it('refuses queries of another width, NaN, none, and a k that is no count', async () => {
    const index = buildIndex(stored);
    const one = (...values: number[]): Features => ({ data: Float32Array.from(values), rows: 1, dims: values.length });
    await expect(search(index, one(1, 2, 3), 1)).rejects.toThrow('queries of 5 dimensions, as the index has, got 3');
    await expect(search(index, one(1, 2, NaN, 4, 5), 1)).rejects.toThrow('search: the features of row 0 hold NaN');
    await expect(search(index, { data: new Float32Array(0), rows: 0, dims }, 1)).rejects.toThrow('at least one row');
    await expect(search(index, one(1, 2, 3, 4, 5), 0)).rejects.toThrow('k to be a whole number of 1 or more, got 0');
    index.dispose();
    expect(() => buildIndex(one(1, Infinity))).toThrow('buildIndex: the features of row 0 hold Infinity');
  });
});
