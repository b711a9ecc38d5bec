import { type Clip, openLogMels } from '@audio-ssl/datasets';
import { logMelPresets } from '@audio-ssl/audio-frontend';
import { writeSafetensors } from '@audio-ssl/params';
import { disposeTree } from '@audio-ssl/params';
import { poolFrames } from '@audio-ssl/evaluation';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { loadEncoder } from './encoder-weights.js';
import { runExtractor } from './features.js';
import { startProgress } from './progress.js';
import { readRunRecord } from './run-record.js';
import { UserError } from './user-error.js';

/** What {@link embed} is asked for. */
export interface EmbedOptions {
  /** Folder of a finished run. */
  readonly run: string;
  readonly files: readonly string[];
  /** A `.safetensors` file (one array a sound) or a `.jsonl` file (one line a sound). */
  readonly out: string;
  readonly signal?: AbortSignal | undefined;
}

/** What {@link embed} did. */
export interface Embedded {
  readonly count: number;
  readonly dims: number;
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
}

/** Embeds sounds: one vector a file, the mean over time of the last layer. Files that can't be read are skipped and told. */
export async function embed({ run, files, out, signal }: EmbedOptions): Promise<Embedded> {
  const type = extname(out);
  if (type !== '.safetensors' && type !== '.jsonl')
    throw new UserError(`--out ${out}: expected a name that ends in .safetensors or .jsonl`, 2);
  const missing = files.find((file) => !existsSync(file));
  if (missing !== undefined) throw new UserError(`${missing}: no such file; check the path`);
  const { config, measured } = await readRunRecord(run);
  const weights = await loadEncoder(run, config);
  const extract = runExtractor(weights, config, measured);
  const clips = files.map((file): Clip => ({ id: file, path: resolve(file) }));
  const store = await openLogMels(clips, { logMel: logMelPresets[config.data.frontEnd], workers: config.data.workers });
  const progress = startProgress('embed', files.length);
  try {
    const { kept, skipped } = await store.prepareAll(signal && { signal });
    const vectors = new Map<string, Float32Array>();
    for (const [done, index] of kept.entries()) {
      signal?.throwIfAborted();
      const { data, frames, dims } = await extract.fromLogMel(await store.load(index));
      vectors.set((clips[index] as Clip).id, poolFrames({ data, rows: frames, dims }, 'mean'));
      progress.update(done + 1);
    }
    await writeFile(out, type === '.jsonl' ? jsonLines(vectors) : tensors(vectors));
    return { count: vectors.size, dims: [...vectors.values()][0]?.length ?? 0, skipped };
  } finally {
    progress.stop();
    disposeTree(weights);
    await store.close();
  }
}

function jsonLines(vectors: ReadonlyMap<string, Float32Array>): string {
  return [...vectors].map(([file, vector]) => `${JSON.stringify({ file, embedding: Array.from(vector) })}\n`).join('');
}

function tensors(vectors: ReadonlyMap<string, Float32Array>): Uint8Array {
  return writeSafetensors(
    new Map([...vectors].map(([file, data]) => [file, { dtype: 'F32', shape: [data.length], data }] as const)),
    { pooling: 'time mean' },
  );
}
