import { openTensors, type SafetensorsEntry } from '@audio-ssl/tensor-files';
import { openFile } from '@audio-ssl/tensor-files/node';
import { readFile } from 'node:fs/promises';

/** The values of a file of one JSON a line. */
export async function jsonl<T>(path: string): Promise<T[]> {
  const lines = (await readFile(path, 'utf8')).trim().split('\n');
  return lines.map((line) => JSON.parse(line) as T);
}

/** The array of a `.npy`. */
export async function npy(path: string): Promise<SafetensorsEntry> {
  const file = await openTensors(await openFile(path));
  try {
    return await file.read('array');
  } finally {
    await file.close();
  }
}
