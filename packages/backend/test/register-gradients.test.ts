import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { VENDORED, vendoredGradients } from '../scripts/vendor-gradients.js';
import { gradConfigs } from '../vendor/tfjs-gradients.js';

const root = new URL('../../..', import.meta.url);

test('the vendored gradients are those of the installed tfjs-core', async () => {
  expect(readFileSync(VENDORED, 'utf8'), 'run `npm run vendor -w @audio-ssl/backend`').toBe(await vendoredGradients());
});

test('every gradient that @tensorflow/tfjs registers is among them, and registered', () => {
  // In a process of its own: the backend of this one may have loaded @tensorflow/tfjs.
  const program = `
    const { getGradient } = require('@tensorflow/tfjs');
    const kernels = Object.keys(require('@tensorflow/tfjs-core')).filter((name) => getGradient(require('@tensorflow/tfjs-core')[name]));
    console.log(JSON.stringify(kernels.map((name) => require('@tensorflow/tfjs-core')[name])));`;
  const known = execFileSync(process.execPath, ['--eval', program], { cwd: root, encoding: 'utf8' });
  const names = (JSON.parse(known.slice(known.indexOf('['))) as string[]).sort();
  expect(names.length).toBeGreaterThan(80);
  expect([...new Set(gradConfigs.map(({ kernelName }) => kernelName))].sort()).toEqual([...new Set(names)].sort());
  for (const name of names) expect(tf.getGradient(name), name).toBeDefined();
});

test('gradients work where @tensorflow/tfjs has not been loaded', { timeout: 60_000 }, () => {
  const program = `
    import { startBackend } from '@audio-ssl/backend';
    import * as tf from '@tensorflow/tfjs-core';
    for (const prefer of ['wasm', 'cpu']) {
      await startBackend({ prefer });
      const gradient = tf.grad((x) => tf.sum(tf.matMul(tf.softmax(x), x, false, true)))(tf.tensor2d([1, 2, 3, 4], [2, 2]));
      console.log([...(await gradient.data())].map((value) => value.toFixed(4)).join());
    }
    const { createRequire } = await import('node:module');
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    console.log(['tfjs-core', 'tfjs'].map((name) => loaded.some((path) => path.includes('@tensorflow/' + name + '/'))).join());`;
  const flags = ['--import', 'tsx', '--conditions=@audio-ssl/source', '--input-type=module', '--eval', program];
  const lines = execFileSync(process.execPath, flags, { cwd: root, encoding: 'utf8' }).trim().split('\n');
  expect(lines[0]).toBe(lines[1]);
  expect(lines.at(-1)).toBe('true,false');
});
