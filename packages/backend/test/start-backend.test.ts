import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { cacheFolder, doctor, selfTest, startBackend } from '@audio-ssl/backend';
import { afterAll, describe, expect, test } from 'vitest';
import { prepareProcess } from '../src/prepare-process.js';
import { projectWithoutBinding, temporaryFolder } from './fake-machine.js';

const best = tf.getBackend();
afterAll(() => tf.setBackend(best));
const require = createRequire(import.meta.url);

describe('startBackend', () => {
  test('starts what is asked for, and says so', async () => {
    expect(await startBackend({ prefer: 'wasm' })).toEqual({
      name: 'wasm',
      why: 'wasm was asked for',
      version: '4.22.0',
      device: 'cpu',
      cacheFolder: cacheFolder(),
    });
    expect(tf.getBackend()).toBe('wasm');
    expect(await startBackend({ prefer: 'cpu' })).toMatchObject({ name: 'cpu' });
    expect(tf.getBackend()).toBe('cpu');
  });

  test('refuses a backend that it does not know', async () => {
    await expect(startBackend({ prefer: 'webgl' as 'wasm' })).rejects.toThrow(
      /expected prefer to be one of tensorflow, wasm, cpu, got "webgl"/,
    );
  });

  test('falls back to wasm where the native backend has not been built, with the next step', async () => {
    const cwd = process.cwd();
    const project = projectWithoutBinding();
    process.env['AUDIO_SSL_CACHE'] = temporaryFolder();
    process.chdir(project);
    try {
      expect(await startBackend()).toMatchObject({
        name: 'wasm',
        why: expect.stringMatching(/tensorflow is not available.*not been built.*`setupNative`/),
      });
      const { missing } = await doctor();
      expect((await doctor({ prefer: 'tensorflow' })).missing).toEqual(missing); // asked for, and missing all the same
      const [last] = missing.slice(-1);
      expect(`${last?.what}; ${last?.next}`.match(/run `setupNative`/g)).toHaveLength(1);
      expect(missing.at(-1)).toMatchObject({
        what: expect.stringContaining('native backend'),
        next: expect.stringContaining('`setupNative`'),
      });
    } finally {
      process.chdir(cwd);
      rmSync(project, { recursive: true });
    }
  });

  test('shares the engine with the copy of tfjs-core that blocks import, from ESM and from CommonJS', () => {
    const common = require('@tensorflow/tfjs-core') as typeof tf;
    expect(common.engine()).toBe(tf.engine());
  });

  test('prints nothing of its own', { timeout: 60_000 }, () => {
    const program = `
      import { startBackend } from '@audio-ssl/backend';
      import * as tf from '@tensorflow/tfjs-core';
      for (const prefer of ['wasm', 'cpu']) { await startBackend({ prefer }); tf.add(tf.ones([2]), 1).dataSync(); }
      await startBackend(); tf.add(tf.ones([2]), 1).dataSync();`;
    const cwd = new URL('../../..', import.meta.url);
    const output = execFileSync(
      '/bin/sh',
      [
        '-c',
        '"$0" "$@" 2>&1',
        process.execPath,
        '--import',
        'tsx',
        '--conditions=@audio-ssl/source',
        '--input-type=module',
        '--eval',
        program,
      ],
      {
        cwd,
        encoding: 'utf8',
        env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: undefined },
      },
    );
    // TensorFlow 2.21 says this while its library is loaded, before it reads TF_CPP_MIN_LOG_LEVEL, on processors with
    // AVX-512's instructions for neural networks.
    const unavoidable =
      /^(WARNING: All log messages before absl::InitializeLog|I0000 .* oneDNN custom operations are on).*\n/gm;
    expect(output.replace(unavoidable, '')).toBe('');
  });
});

test('an uncaught error is printed as it is after wasm has started', { timeout: 60_000 }, () => {
  const program = `import { startBackend } from '@audio-ssl/backend'; await startBackend({ prefer: 'wasm' }); throw new Error('a clear message');`;
  const child = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--conditions=@audio-ssl/source', '--input-type=module', '--eval', program],
    {
      cwd: new URL('../../..', import.meta.url),
      encoding: 'utf8',
    },
  );
  expect(child.status).toBe(1);
  expect(child.stderr).toContain('a clear message');
  expect(child.stderr.length).toBeLessThan(5000);
});

describe('prepareProcess', () => {
  test('puts back what tfjs-node takes from node:util', () => {
    prepareProcess();
    const util = require('node:util') as {
      isNullOrUndefined(value: unknown): boolean;
      isArray(value: unknown): boolean;
    };
    expect([null, undefined, 0, ''].map(util.isNullOrUndefined)).toEqual([true, true, false, false]);
    expect([[], {}].map(util.isArray)).toEqual([true, false]);
  });

  test('leaves what the user has set', () => {
    const before = process.env['TF_CPP_MIN_LOG_LEVEL'];
    process.env['TF_CPP_MIN_LOG_LEVEL'] = '0';
    prepareProcess();
    expect(process.env['TF_CPP_MIN_LOG_LEVEL']).toBe('0');
    process.env['TF_CPP_MIN_LOG_LEVEL'] = before;
    expect(process.env['TF_FORCE_GPU_ALLOW_GROWTH']).toBe('true');
  });
});

describe('selfTest', () => {
  test('passes on every backend and leaves it current', async () => {
    for (const prefer of ['wasm', 'cpu'] as const) {
      await startBackend({ prefer });
      const before = tf.memory().numTensors;
      await selfTest();
      expect(tf.getBackend()).toBe(prefer);
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  test('finds a kernel that is wrong', async () => {
    await startBackend({ prefer: 'wasm' });
    const right = tf.getKernel('Softmax', 'wasm');
    tf.unregisterKernel('Softmax', 'wasm');
    tf.registerKernel({
      ...right,
      kernelFunc: (call) => tf.getKernel('Exp', 'wasm').kernelFunc({ ...call, inputs: { x: call.inputs['logits']! } }),
    });
    try {
      await expect(selfTest()).rejects.toThrow(/self-test: result .* on wasm and .* on cpu/);
    } finally {
      tf.unregisterKernel('Softmax', 'wasm');
      tf.registerKernel(right);
    }
  });
});

test('doctor reports the machine and the speed of the backend', async () => {
  const report = await doctor({ prefer: 'wasm' });
  expect(report).toMatchObject({
    node: process.version,
    tfjs: '4.22.0',
    threads: 1,
    missing: [],
    backend: { name: 'wasm' },
  });
  expect(report.gflops).toBeGreaterThan(0.1);
  expect(report.gflops).toBeLessThan(1e6);
});
