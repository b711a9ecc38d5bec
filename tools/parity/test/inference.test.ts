import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors } from '@audio-ssl/tensor-files';
import { sharedFolder } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compareInference } from '../src/inference.js';

const reference = sharedFolder('reference/inference');

describe.skipIf(!reference)('compareInference', () => {
  it('finds what the authors’ code found, from every checkpoint, and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const lines = await compareInference(reference!, tf.getBackend());
    expect(lines.filter(({ ok }) => !ok)).toEqual([]);
    expect(lines.map(({ quantity }) => quantity)).toEqual(
      expect.arrayContaining([
        'tiny_encoder.pt precise embedding',
        'tiny_encoder.pt precise layers',
        'tiny_encoder.pt fast embedding',
        'tiny_encoder_legacy.pth precise layers',
        'tiny_audioset-head.pt embedding',
        'tiny_audioset-head.pt probabilities',
      ]),
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it('fails for another waveform, and reports a recording without a checkpoint', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'parity-'));
    try {
      const bytes = await readFile(join(reference!, 'inference.safetensors'));
      const path = join(folder, 'inference.safetensors');
      await writeFile(path, bytes);
      await expect(compareInference(folder, tf.getBackend())).rejects.toThrow(
        /no checkpoint for the recordings .*encoder\/short/,
      );
      for (const name of ['tiny_encoder.pt', 'tiny_audioset-head.pt'])
        await cp(join(reference!, name), join(folder, name));
      const end = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)) + 8;
      const header = JSON.parse(bytes.subarray(8, end).toString()) as Record<
        string,
        { data_offsets: [number, number] }
      >;
      const [begin] = header['encoder/short/waveform']!.data_offsets;
      for (let i = 0; i < 8000; i++) bytes.writeFloatLE(0, end + begin + 4 * i);
      await writeFile(path, bytes);
      const failed = (await compareInference(folder, tf.getBackend()))
        .filter(({ ok }) => !ok)
        .map(({ quantity }) => quantity);
      expect(failed).toEqual([
        'tiny_encoder.pt precise embedding',
        'tiny_encoder.pt precise layers',
        'tiny_encoder.pt fast embedding',
      ]);
      // The option gives the heads, and the recordings' metadata take precedence.
      const { tensors } = readSafetensors(await readFile(join(reference!, 'inference.safetensors')));
      const ok = async (numHeads: string | undefined, heads: number): Promise<boolean> => {
        await writeFile(path, writeSafetensors(tensors, numHeads === undefined ? {} : { numHeads }));
        return (await compareInference(folder, tf.getBackend(), { heads })).every((line) => line.ok);
      };
      expect([await ok(undefined, 4), await ok(undefined, 2), await ok('4', 2)]).toEqual([true, false, true]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
