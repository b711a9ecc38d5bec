import { describe, expect, it } from 'vitest';
import { writeWav } from '../../../packages/audio-decoders/test/write-wav.js';
import { mutate } from '../src/mutate.js';
import { randomFor } from '../src/random.js';
import { runInputs, type Tried } from '../src/run-inputs.js';
import { loadSeeds } from '../src/seeds.js';
import { formatTable } from '../src/table.js';
import { tryInput } from '../src/try-input.js';

const healthy = writeWav(Uint8Array.from({ length: 2000 }, (_, i) => i & 255));

describe('the fuzzer', () => {
  it('makes the same inputs of the same numbers, and others of others', () => {
    const make = (seed: number, index: number): string =>
      Buffer.from(mutate(healthy, randomFor(seed, index))).toString('hex');
    const inputs = Array.from({ length: 200 }, (_, index) => make(1, index));
    expect(inputs).toEqual(Array.from({ length: 200 }, (_, index) => make(1, index)));
    expect(new Set(inputs).size).toBeGreaterThan(150); // a short file can be cut to nothing more than once
    expect(make(2, 0)).not.toBe(inputs[0]);
  });

  it('leaves the healthy file as it is', () => {
    const before = healthy.slice();
    for (let index = 0; index < 100; index++) mutate(healthy, randomFor(3, index));
    expect(healthy).toEqual(before);
  });

  it('finds other samples where the format has checksums, and does not ask for them elsewhere', async () => {
    const other = healthy.slice();
    other[100]! ^= 1;
    // As if WAV had checksums, and the decoder had not looked.
    expect((await tryInput(other, { format: 'FLAC', bytes: healthy })).fault).toContain('other samples');
    expect((await tryInput(healthy, { format: 'FLAC', bytes: healthy })).fault).toBeUndefined();
    expect((await tryInput(other, { format: 'WAV (16-bit PCM)', bytes: healthy })).fault).toBeUndefined();
  });

  it('finds that samples are missing, whole parts of them, too', async () => {
    const bytes = new Uint8Array(2 * 70_000);
    const seed = { format: 'FLAC', bytes: writeWav(bytes) };
    expect((await tryInput(seed.bytes, seed)).fault).toBeUndefined();
    const fewer = await tryInput(writeWav(bytes.subarray(0, 2 * 65_536)), seed); // one part of those that are read
    expect(fewer.fault).toBe('65536 samples in place of the 70000 of the healthy file, and no error');
  });

  it('has seeds of every container that is read here, and counts what becomes of inputs', async () => {
    const seeds = await loadSeeds();
    for (const container of ['WAV', 'RIFX', 'RF64', 'W64', 'AIFF', 'AIFF-C', 'AU', 'CAF'])
      expect(seeds.some(({ format }) => format.startsWith(container))).toBe(true);
    const all: Tried[] = [];
    await runInputs({ seed: 5, count: 60, jobs: 1, folders: [], onTried: (tried) => all.push(tried) });
    expect(all).toHaveLength(60);
    expect(all.filter(({ outcome }) => outcome.fault)).toEqual([]);
    expect(formatTable(all).split('\n').at(-1)).toMatch(/^all +60 /);
  });
});
