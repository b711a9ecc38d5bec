import { execFileSync } from 'node:child_process';
import { expectCloseArrays } from '@audio-ssl/testing';
import { expect, it } from 'vitest';
import { sinCosTable } from '../src/index.js';

it('makes positions before a backend runs, and moves them to the one that runs', () => {
  const program = `
    import * as tf from '@tensorflow/tfjs-core';
    import { sinCosPositions } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)};

    const grid = { freq: 2, time: 3 };
    const positions = sinCosPositions(grid, 8);
    sinCosPositions(grid, 8).dispose();
    const early = [...positions.dataSync()];
    await import('@tensorflow/tfjs-backend-cpu');
    const before = tf.memory().numTensors;
    const clone = tf.clone(positions);
    const twice = tf.add(positions, clone);
    const late = [...(await twice.data())];
    const read = [...(await positions.data())];
    tf.dispose([positions, clone, twice]);
    console.log(JSON.stringify({ early, late, read, shape: positions.shape, left: tf.memory().numTensors, buffers: tf.memory().numDataBuffers, before }));
  `;
  const output = execFileSync(
    process.execPath,
    ['--import', 'tsx', '--conditions=@audio-ssl/source', '--input-type=module', '--eval', program],
    { cwd: new URL('..', import.meta.url), encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const { early, late, read, shape, left, buffers, before } = JSON.parse(output.trim().split('\n').at(-1)!);
  const expected = sinCosTable({ freq: 2, time: 3 }, 8);
  expect(shape).toEqual([6, 8]);
  expectCloseArrays(early, expected, {});
  expectCloseArrays(read, expected, {});
  expectCloseArrays(
    late,
    expected.map((value) => 2 * value),
    {},
  );
  expect({ left, buffers, before }).toEqual({ left: 0, buffers: 0, before: 1 });
}, 60_000);
