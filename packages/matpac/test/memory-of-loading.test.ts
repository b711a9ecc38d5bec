import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pytorchChunks, safetensorsChunks, type PendingTensor } from '@audio-ssl/params';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const [WIDTH, DEPTH] = [512, 5];

/** An encoder in the layout that the authors publish, of 64 MB. */
function encoder(): Map<string, PendingTensor> {
  const tensors = new Map<string, PendingTensor>();
  const add = (name: string, ...shape: number[]): void => {
    const count = shape.reduce((a, b) => a * b, 1);
    tensors.set(name, { dtype: 'F32', shape, data: async () => new Float32Array(count).fill(0.01) });
  };
  const dense = (name: string, rows: number, ...columns: number[]): void => {
    add(`${name}.weight`, rows, ...columns);
    add(`${name}.bias`, rows);
  };
  const norm = (name: string): void => dense(name, WIDTH);
  add('cls_token', 1, 1, WIDTH);
  add('pos_embed', 1, 191, WIDTH);
  dense('patch_embed.proj', WIDTH, 1, 16, 16);
  for (let i = 0; i < DEPTH; i++) {
    const block = `student_encoder.blocks.${i}`;
    norm(`${block}.norm1`);
    dense(`${block}.attn.qkv`, 3 * WIDTH, WIDTH);
    dense(`${block}.attn.proj`, WIDTH, WIDTH);
    norm(`${block}.norm2`);
    dense(`${block}.mlp.fc1`, 4 * WIDTH, WIDTH);
    dense(`${block}.mlp.fc2`, WIDTH, 4 * WIDTH);
  }
  norm('student_encoder.norm');
  return tensors;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memory-'));
});
afterAll(() => rm(folder, { recursive: true }));

// Only Linux tells the peak of a process's memory.
describe.skipIf(!existsSync('/proc/self/clear_refs'))('loading a model', () => {
  it.each([
    ['a.pt', pytorchChunks],
    ['a.safetensors', safetensorsChunks],
  ] as const)('takes less than 1.5 times the size of %s, at its peak', { timeout: 300_000 }, async (name, chunks) => {
    const path = join(folder, name);
    await writeFile(path, chunks(encoder()));
    const { size } = await stat(path);
    const script = join(import.meta.dirname, 'load-in-process.ts');
    const args = ['--import', 'tsx', '--conditions=@audio-ssl/source', script, path];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(Number(stdout) / size).toBeGreaterThan(0.9); // it is in memory
    expect(Number(stdout) / size).toBeLessThan(1.5);
  });
});
