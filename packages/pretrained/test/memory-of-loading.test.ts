import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pytorchChunks, safetensorsChunks, type PendingTensor } from '@audio-ssl/tensor-files';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** An encoder in the layout that the authors publish. */
function encoder(width: number, depth: number): Map<string, PendingTensor> {
  const tensors = new Map<string, PendingTensor>();
  const add = (name: string, ...shape: number[]): void => {
    const count = shape.reduce((a, b) => a * b, 1);
    tensors.set(name, { dtype: 'F32', shape, data: async () => new Float32Array(count).fill(0.01) });
  };
  const dense = (name: string, rows: number, ...columns: number[]): void => {
    add(`${name}.weight`, rows, ...columns);
    add(`${name}.bias`, rows);
  };
  const norm = (name: string): void => dense(name, width);
  add('cls_token', 1, 1, width);
  add('pos_embed', 1, 191, width);
  dense('patch_embed.proj', width, 1, 16, 16);
  for (let i = 0; i < depth; i++) {
    const block = `student_encoder.blocks.${i}`;
    norm(`${block}.norm1`);
    dense(`${block}.attn.qkv`, 3 * width, width);
    dense(`${block}.attn.proj`, width, width);
    norm(`${block}.norm2`);
    dense(`${block}.mlp.fc1`, 4 * width, width);
    dense(`${block}.mlp.fc2`, width, 4 * width);
  }
  norm('student_encoder.norm');
  return tensors;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memory-'));
});
afterAll(() => rm(folder, { recursive: true }));

// Only Linux shows the peak of a process's memory.
describe.skipIf(!existsSync('/proc/self/clear_refs'))('loading a model', () => {
  it.each([
    ['a.pt', pytorchChunks],
    ['a.safetensors', safetensorsChunks],
  ] as const)('takes less than 1.5 times the size of %s, at its peak', { timeout: 300_000 }, async (name, chunks) => {
    const path = join(folder, name);
    // V8 may leave 64 MB of buffers uncollected, which would be much beside a smaller file.
    await writeFile(path, chunks(encoder(768, 5)));
    const small = join(folder, `small ${name}`);
    await writeFile(small, chunks(encoder(64, 1)));
    const { size } = await stat(path);
    const script = join(import.meta.dirname, 'load-in-process.ts');
    const args = ['--import', 'tsx', '--conditions=@audio-ssl/source', script, small, path];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(Number(stdout) / size).toBeGreaterThan(0.9); // it is in memory
    expect(Number(stdout) / size).toBeLessThan(1.5);
  });
});
