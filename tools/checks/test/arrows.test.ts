import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { arrowViolations } from '../src/arrows.js';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'arrows-'));
  write(
    'packages/params/package.json',
    '{ "name": "@audio-ssl/params", "peerDependencies": { "@tensorflow/tfjs-core": "^4.22.0" } }',
  );
  write(
    'packages/params/src/index.ts',
    "import * as tf from '@tensorflow/tfjs-core';\nimport { tree } from './tree.js';",
  );
  write(
    'packages/params/test/tree.test.ts',
    "import { seeded } from '@audio-ssl/testing';\nimport '@tensorflow/tfjs';\nimport '../src/tree.js';",
  );
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

describe('arrowViolations', () => {
  test('accepts what the arrows allow', () => {
    expect(arrowViolations(root)).toEqual([]);
  });

  test.each([
    ["import { train } from '@audio-ssl/trainer';", '@audio-ssl/trainer'],
    ["import type { State } from '@audio-ssl/matpac';", '@audio-ssl/matpac'],
    ["const late = await import('@audio-ssl/backend');", '@audio-ssl/backend'],
    ["export { ema } from '@audio-ssl/momentum-teacher';", '@audio-ssl/momentum-teacher'],
    ["import { expectClose } from '@audio-ssl/testing';", '@audio-ssl/testing'],
    ["import '@tensorflow/tfjs-backend-wasm';", '@tensorflow/tfjs-backend-wasm'],
    ["import { dense } from '../../layers/src/dense.js';", 'outside the package'],
  ])('reports the planted %s', (line, named) => {
    write('packages/params/src/planted.ts', line);
    const violations = arrowViolations(root);
    expect(violations).toHaveLength(1);
    expect(violations[0]).toContain(join('packages', 'params', 'src', 'planted.ts'));
    expect(violations[0]).toContain(named);
  });

  test('reports a dependency against an arrow', () => {
    write(
      'packages/params/package.json',
      '{ "name": "@audio-ssl/params", "dependencies": { "@audio-ssl/vit": "^0.1.0" } }',
    );
    expect(arrowViolations(root)).toEqual([expect.stringContaining('depends on @audio-ssl/vit')]);
  });

  test('reports a tensor library in a pure package', () => {
    write('packages/masking/package.json', '{ "name": "@audio-ssl/masking" }');
    write('packages/masking/src/index.ts', "import * as tf from '@tensorflow/tfjs-core';");
    expect(arrowViolations(root)).toEqual([expect.stringContaining('free of a tensor library')]);
  });

  test('reports an import of another package in a test', () => {
    write('packages/params/test/planted.test.ts', "import { encode } from '@audio-ssl/vit';");
    expect(arrowViolations(root)).toEqual([expect.stringContaining('@audio-ssl/vit')]);
  });

  test('reports the heavy entry of another package in a pure one, and accepts a light one', () => {
    write('packages/datasets/package.json', '{ "name": "@audio-ssl/datasets" }');
    write('packages/datasets/src/index.ts', "import { randomStream } from '@audio-ssl/params/random';");
    expect(arrowViolations(root)).toEqual([]);
    write('packages/datasets/src/planted.ts', "import { randomStream } from '@audio-ssl/params';");
    expect(arrowViolations(root)).toEqual([expect.stringContaining('loads a tensor library')]);
  });

  test('reports a light entry that loads a tensor library, but not its types', () => {
    write('packages/params/src/random.ts', "import type { Tensor } from '@tensorflow/tfjs-core';\nimport './far.js';");
    write('packages/params/src/far.ts', 'export {};');
    expect(arrowViolations(root)).toEqual([]);
    write('packages/params/src/far.ts', "import { tensor } from '@tensorflow/tfjs-core';");
    expect(arrowViolations(root)).toEqual([expect.stringContaining('@audio-ssl/params/random')]);
  });

  test.each(["import { startBackend } from '@audio-ssl/backend';", "const late = await import('@audio-ssl/backend');"])(
    'reports %s where types alone are allowed, but not in a program of its own',
    (line) => {
      write('packages/ablation/package.json', '{ "name": "@audio-ssl/ablation" }');
      write('packages/ablation/src/index.ts', "import type { StartedBackend } from '@audio-ssl/backend';");
      write('packages/ablation/src/worker.ts', line);
      expect(arrowViolations(root)).toEqual([]);
      write('packages/ablation/src/index.ts', line);
      expect(arrowViolations(root)).toEqual([expect.stringContaining('types alone')]);
    },
  );

  test('reports a package that the table does not know', () => {
    write('packages/newcomer/package.json', '{ "name": "@audio-ssl/newcomer" }');
    expect(arrowViolations(root)).toEqual([expect.stringContaining('packages/newcomer')]);
  });

  test('finds nothing in this workspace', () => {
    expect(arrowViolations(resolve(import.meta.dirname, '../../..'))).toEqual([]);
  });
});
