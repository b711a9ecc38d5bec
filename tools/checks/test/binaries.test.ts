import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { binaryViolations } from '../src/binaries.js';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'binaries-'));
  for (const name of ['plain', 'kernel']) {
    mkdirSync(join(root, 'packages', name, 'native'), { recursive: true });
    writeFileSync(join(root, 'packages', name, 'package.json'), JSON.stringify({ name: `@audio-ssl/${name}` }));
  }
});
afterEach(() => rmSync(root, { recursive: true }));

const script = (text: string): void => writeFileSync(join(root, 'packages', 'kernel', 'native', 'build.sh'), text);

test('asks the script of each package that has one whether its module is what the source builds', () => {
  script('[ "$1" = --check ]');
  expect(binaryViolations(root)).toEqual([]);
});

test('gives what the script says when the module differs', () => {
  script('echo "kernel.wasm: 12 bytes, built 13"; exit 1');
  expect(binaryViolations(root)).toEqual(['packages/kernel/native: kernel.wasm: 12 bytes, built 13']);
});

test('tells, and does not fail, where the toolchain is missing', () => {
  script('echo "no clang; apt install clang" >&2; exit 3');
  const told: string[] = [];
  expect(binaryViolations(root, (message) => told.push(message))).toEqual([]);
  expect(told).toEqual(['packages/kernel: not built again: no clang; apt install clang']);
});
