import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { circleViolations } from '../src/circles.js';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'circles-'));
  write('packages/params/package.json', '{ "name": "@audio-ssl/params" }');
  write('packages/params/src/index.ts', "export { a } from './a.js';\nexport { b } from './b.js';");
  write('packages/params/src/a.ts', "import { b } from './b.js';\nimport { readFile } from 'node:fs';");
  write('packages/params/src/b.ts', 'export const b = 1;');
  write('packages/optim/package.json', '{ "name": "@audio-ssl/optim", "dependencies": { "@audio-ssl/params": "*" } }');
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

describe('circleViolations', () => {
  test('accepts a tree', () => expect(circleViolations(root)).toEqual([]));

  test('reports two files that import each other, be it for a type', () => {
    write('packages/params/src/b.ts', "import type { A } from './a.js';");
    expect(circleViolations(root)).toEqual(['packages/params/src/a.ts and packages/params/src/b.ts import each other']);
  });

  test('reports a circle of three, and a file that imports itself', () => {
    write('packages/params/src/b.ts', "export { c } from './c.js';");
    write('packages/params/src/c.ts', "export * from './a.js';");
    write('bench/package.json', '{ "name": "bench" }');
    write('bench/src/run.ts', "import './run.js';");
    expect(circleViolations(root)).toEqual([
      'bench/src/run.ts import each other',
      expect.stringMatching(/a\.ts and .*b\.ts and .*c\.ts import each other/),
    ]);
  });

  test('reports packages that depend on each other', () => {
    write(
      'packages/params/package.json',
      '{ "name": "@audio-ssl/params", "peerDependencies": { "@audio-ssl/optim": "*" } }',
    );
    expect(circleViolations(root)).toEqual(['packages: @audio-ssl/optim and @audio-ssl/params depend on each other']);
  });

  test('finds none in this workspace', () => {
    expect(circleViolations(resolve(import.meta.dirname, '../../..'))).toEqual([]);
  });
});
