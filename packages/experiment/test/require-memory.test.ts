import { describe, expect, it } from 'vitest';
import { InputError, loadConfig } from '../src/index.js';
import { requireMemory } from '../src/memory/require-memory.js';
import { stepNeed } from '../src/memory/step-need.js';
import { collecting } from './collecting.js';

const GiB = 2 ** 30;
const machine = (free: number, total = 64 * GiB) => ({ total, free, bound: 'this machine' });
const config = (...set: string[]) => loadConfig({ preset: 'tiny', set: ['batchSize=64', ...set] });

describe('requireMemory', () => {
  it('says nothing where there is enough, nor of a GPU', async () => {
    const told = collecting();
    await requireMemory(await config(), { reporter: told }, machine(32 * GiB));
    const gpu = { device: 'gpu', name: 'tensorflow', why: '', version: '', cacheFolder: '' } as const;
    await requireMemory(await config(), { reporter: told, backend: gpu }, machine(1, 1));
    expect([...told.warnings, ...told.notes]).toEqual([]);
  });

  it('warns where it is near, with the setting that changes least among those that make it fit', async () => {
    const warned = async (free: number, ...set: string[]): Promise<string> => {
      const told = collecting();
      await requireMemory(await config(...set), { reporter: told }, machine(free));
      return told.warnings.join();
    };
    const need = stepNeed(await config()).total;
    const inTwo = stepNeed(await config('memory.accumulation=2')).total;
    const inMany = stepNeed(await config('memory.accumulation=64')).total;
    expect(inTwo).toBeLessThan(need);
    expect(await warned((need + inTwo) / 2 / 0.9)).toMatch(
      /^pretraining needs about [\d.]+ [GM]iB of memory \(the networks and their copies [\d.]+ [GM]iB, a batch of 64 clips [\d.]+ [GM]iB\), and this machine has 64\.0 GiB, of which [\d.]+ [GM]iB are free; `memory\.accumulation=2` makes the same updates in 2 parts and fits$/,
    );
    expect(await warned((need + inTwo) / 2 / 0.9, 'batchSize=1')).toBe('');
    expect(await warned(inMany / 2)).toContain('a smaller `preset`, smaller sizes in `model`');
    const remat = stepNeed(await config('batchSize=1', 'memory.remat=true')).total;
    expect(await warned(remat / 0.899, 'batchSize=1')).toContain(
      '`memory.remat=true` computes each block twice and fits',
    );
  });

  it('knows that wasm addresses 4 GiB, and keeps more in a step than a compiled one', async () => {
    const wasm = { device: 'cpu', name: 'wasm', why: '', version: '', cacheFolder: '' } as const;
    const small = await loadConfig({ preset: 'small', set: ['batchSize=16'] });
    expect(stepNeed(small, 'wasm').total).toBeGreaterThan(1.5 * stepNeed(small, 'tensorflow').total);
    await expect(requireMemory(small, { backend: wasm }, machine(60 * GiB))).rejects.toThrow(
      /the wasm backend has 4\.\d GiB/,
    );
    const told = collecting();
    await requireMemory(await config('batchSize=32'), { backend: wasm, reporter: told }, machine(60 * GiB));
    expect(told.warnings).toEqual([]);
  });

  it('refuses what surely does not fit', async () => {
    const need = stepNeed(await config()).total;
    const { rss } = process.memoryUsage();
    await expect(requireMemory(await config(), {}, machine(need / 2, rss + 0.5 * need))).rejects.toThrow(InputError);
    await expect(requireMemory(await config(), {}, machine(need / 2, 1.5 * rss + need))).resolves.toBeUndefined();
  });
});
