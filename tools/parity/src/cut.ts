import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSafetensors, writeSafetensors, type SafetensorsEntry } from '@audio-ssl/tensor-files';
import { everyNth, isSampled } from './recorded-run.js';

// Prime, so that no row of a matrix is as long as a multiple of it and the sample goes through all columns.
const STRIDE = 17;

/**
 * Cuts a recorded training run to what its replay needs: what goes in (parameters, spectrograms, masks) as it is, and of
 * every larger tensor that is compared each 17th value. The fixed positions, which are computed, are left out.
 *
 * @param folder of a run in the format of the reference runs.
 * @param target the folder that is written.
 */
export async function cutRun(folder: string, target: string): Promise<void> {
  const path = join(folder, 'tensors.safetensors');
  const { tensors, metadata } = readSafetensors(await readFile(path), path);
  const kept = new Map<string, SafetensorsEntry>();
  for (const [name, entry] of tensors) {
    if (/(^|\.|\/)(decoder_)?pos_embed$/.test(name)) continue;
    if (!isSampled(name, entry.data.length, STRIDE)) kept.set(name, entry);
    else {
      const data = everyNth(entry.data, STRIDE);
      kept.set(name, { dtype: 'F32', shape: [data.length], data });
    }
  }
  await mkdir(target, { recursive: true });
  await writeFile(join(target, 'tensors.safetensors'), writeSafetensors(kept, { ...metadata, stride: String(STRIDE) }));
  await writeFile(join(target, 'run.json'), await readFile(join(folder, 'run.json')));
}
