import {
  byteSource,
  fromTensors,
  openTensors,
  pytorchChunks,
  safetensorsChunks,
  writeSafetensors,
} from '@audio-ssl/tensor-files';
import { disposeTree, leaves, type TensorTree } from '@audio-ssl/params';
import { seeded } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { convertCheckpoint, encoderMetadata, loadModel, loadState, readClassHead } from '../src/index.js';
import { initMatpac, variants } from '@audio-ssl/matpac';

const options = {
  ...variants.matpacPlusPlus,
  model: {
    ...{ bins: 80, patch: [16, 16] as const, encoder: { embedDim: 8, depth: 1, numHeads: 2 } },
    predictor: { embedDim: 8, depth: 1, numHeads: 2 },
    head: { hiddenDim: 4, bottleneckDim: 3, pseudoClasses: 5 },
  },
};

async function gather(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return new Uint8Array(Buffer.concat(all));
}

it('damaged checkpoints end in clear errors, soon, whatever is made of them', { timeout: 600_000 }, async () => {
  const fresh = initMatpac(options, 1);
  const sizes = { patch: [16, 16], bins: 80, numHeads: 2, chunkFrames: 608 } as const;
  const told = encoderMetadata({ ...sizes, frontEnd: 'matpac', mean: -7, std: 4 });
  const ours = writeSafetensors(await fromTensors(leaves(fresh as unknown as TensorTree)), told);
  const wholes: Uint8Array[] = [ours];
  for (const naming of ['matpac', 'm2d', 'audio-ssl'] as const) {
    const { tensors, dictionaries, metadata } = await convertCheckpoint(await openTensors(byteSource(ours)), naming);
    wholes.push(await gather(pytorchChunks(tensors, { dictionaries, metadata })));
    wholes.push(await gather(safetensorsChunks(tensors, metadata)));
  }

  const random = seeded(5);
  const below = (n: number): number => Math.floor(random() * n);
  const before = tf.memory().numTensors;
  const count = { read: 0, refused: 0 };
  let slowest = 0;
  const survive = async (bytes: Uint8Array): Promise<void> => {
    const began = performance.now();
    const attempts = [
      async () => (await loadModel(await openTensors(byteSource(bytes, 'x.bin')))).dispose(),
      async () => void (await readClassHead(await openTensors(byteSource(bytes, 'x.bin')))),
      async () => {
        const { state } = await loadState(await openTensors(byteSource(bytes, 'x.bin')), fresh);
        disposeTree(state as unknown as TensorTree);
      },
      async () => {
        const naming = (['audio-ssl', 'matpac', 'm2d'] as const)[below(3)]!;
        const conversion = await convertCheckpoint(await openTensors(byteSource(bytes, 'x.bin')), naming);
        await gather(safetensorsChunks(conversion.tensors, conversion.metadata));
      },
    ];
    for (const attempt of attempts) {
      try {
        await attempt();
        count.read++;
      } catch (error) {
        count.refused++;
        const { message } = error as Error;
        expect(message, (error as Error).stack).toContain('x.bin');
        expect(message.length).toBeLessThan(1500);
        expect(message).not.toMatch(/undefined|not a function|Cannot read|Invalid|out of memory|is not iterable/);
      }
    }
    slowest = Math.max(slowest, performance.now() - began);
  };
  for (let i = 0; i < 1000; i++) {
    const bytes = new Uint8Array(wholes[i % wholes.length]!);
    // Names, shapes and numbers are at the beginning; digits become other digits, so that much of it still reads.
    for (let flips = 1 + below(4); flips > 0; flips--) {
      const at = below(Math.min(bytes.length, i % 3 === 0 ? bytes.length : 9000));
      const isDigit = bytes[at]! >= 48 && bytes[at]! < 58;
      bytes[at] = isDigit || below(3) === 0 ? 48 + below(10) : bytes[at]! ^ (1 << below(8));
    }
    await survive(bytes);
  }
  expect(count.read).toBeGreaterThan(500);
  expect(count.refused).toBeGreaterThan(500);
  expect(slowest).toBeLessThan(30_000); // a busy machine; some milliseconds otherwise
  expect(tf.memory().numTensors).toBe(before);
  disposeTree(fresh as unknown as TensorTree);
});
