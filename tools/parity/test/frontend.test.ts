import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharedFolder } from '@audio-ssl/testing';
import { describe, expect, it } from 'vitest';
import { compareFrontend } from '../src/frontend.js';

const reference = sharedFolder('reference/inference');

describe.skipIf(!reference)('compareFrontend', () => {
  const file = join(reference ?? '', 'frontend.safetensors');

  it('finds every recorded quantity within its tolerance', async () => {
    const comparisons = await compareFrontend(file);
    expect(comparisons.filter(({ ok }) => !ok)).toEqual([]);
    expect(comparisons.map(({ quantity }) => quantity).sort()).toEqual([
      'log-mel above -12',
      'log-mel above -15',
      'mel filter bank',
      'resampler from 22050 Hz (90 dB)',
      'resampler from 44100 Hz (90 dB)',
      'resampler from 48000 Hz (90 dB)',
      'resampler from 8000 Hz (90 dB)',
    ]);
  });

  it('fails when a recorded number is another', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parity-'));
    try {
      const bytes = await readFile(file);
      bytes.writeFloatLE(1, bytes.length - 4); // the last element of the last array
      const changed = join(folder, 'frontend.safetensors');
      await writeFile(changed, bytes);
      expect((await compareFrontend(changed)).filter(({ ok }) => !ok)).toHaveLength(1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
