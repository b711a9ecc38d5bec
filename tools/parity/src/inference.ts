import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compile } from '@audio-ssl/compile';
import {
  classProbabilities,
  createExtractor,
  loadModel,
  type ExtractorOptions,
  type FrameFeatures,
  type PretrainedModel,
} from '@audio-ssl/pretrained';
import { openTensors, readSafetensors, type SafetensorsEntry } from '@audio-ssl/tensor-files';
import { openFile } from '@audio-ssl/tensor-files/node';
import { Differences, type Comparison, type Tolerance } from './comparison.js';

/** Attention heads of the tiny models that the project has recordings of; published ones have one of every 64 channels. */
export const TINY_HEADS = 4;

/**
 * Loads every checkpoint of a folder (`*.pt`, `*.pth`) and compares what our extractor makes of the recorded waveforms in
 * `inference.safetensors` with what the authors' code made: embeddings of all modes, layers, probabilities. A checkpoint
 * goes with the recordings whose name stands in its own: `tiny_encoder_legacy.pth` with `encoder/...`.
 *
 * @param backend decides on the bounds: float32 rounding on `tensorflow`; `wasm` and `cpu` have an erf good to 1.5e-7 only.
 * @param options `compiled`: the encoder runs as one graph. `heads`: attention heads of checkpoints whose width is no multiple
 *   of 64, where the metadata of the recordings have no `numHeads`; checkpoints do not store them.
 */
export async function compareInference(
  folder: string,
  backend: string,
  { compiled = false, heads = TINY_HEADS }: { readonly compiled?: boolean; readonly heads?: number } = {},
): Promise<Comparison[]> {
  const path = join(folder, 'inference.safetensors');
  const { tensors, metadata } = readSafetensors(await readFile(path), path);
  const recordings = new Set([...tensors.keys()].map((name) => name.split('/').slice(0, 2).join('/')));
  const differences = new Differences();
  const files = (await readdir(folder)).filter((name) => /\.pth?$/.test(name)).sort();
  const unheard = new Set(recordings);
  for (const name of files) {
    const file = await openTensors(await openFile(join(folder, name)));
    const width = [...file.tensors].find(([tensor]) => /(^|\.)cls_token$/.test(tensor))?.[1].shape.at(-1) ?? 0;
    const recorded = metadata['numHeads'] === undefined ? undefined : Number(metadata['numHeads']);
    const model = await loadModel(file, { numHeads: recorded ?? (width % 64 === 0 ? undefined : heads) });
    // Half precision loses all but three digits of the weights.
    const isHalf = [...file.tensors.values()].some(({ dtype }) => dtype === 'F16' || dtype === 'BF16');
    await file.close();
    try {
      const words = name.replace(/\.pth?$/, '').split('_');
      for (const recording of recordings) {
        if (!words.includes(recording.split('/')[0]!)) continue;
        unheard.delete(recording);
        const bound = isHalf ? 5e-3 : backend === 'tensorflow' ? 2e-5 : 1e-4;
        await compareRecording(name, model, recording, tensors, { kind: 'relative L2', bound }, differences, compiled);
      }
    } finally {
      model.dispose();
    }
  }
  if (unheard.size > 0)
    throw new Error(`compareInference: ${folder}: no checkpoint for the recordings ${[...unheard].join(', ')}`);
  return differences.list();
}

async function compareRecording(
  name: string,
  { weights, settings, head }: PretrainedModel,
  recording: string,
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  tolerance: Tolerance,
  differences: Differences,
  compiled: boolean,
): Promise<void> {
  const { data, shape } = tensors.get(`${recording}/waveform`)!;
  const [clips, samples] = shape as [number, number];
  const waveforms = Array.from({ length: clips }, (_, i) =>
    (data as Float32Array).slice(i * samples, (i + 1) * samples),
  );
  const compare = (
    what: string,
    actual: readonly (readonly Float32Array[])[],
    key: string,
    allowed = tolerance,
  ): void => {
    const recorded = tensors.get(`${recording}/${key}`);
    if (recorded)
      differences.compare(
        `${name} ${what}`,
        actual.flat().flatMap((values) => [...values]),
        recorded.data,
        allowed,
      );
  };
  const features = async (options: Partial<ExtractorOptions>): Promise<FrameFeatures[]> => {
    const extract = createExtractor(weights, { ...settings, ...options, compile: compiled ? compile : undefined });
    try {
      if (compiled) await extract.batch(waveforms); // a shape is compiled when it comes a second time
      return await extract.batch(waveforms);
    } finally {
      extract.dispose();
    }
  };

  if (tensors.has(`${recording}/precise/embedding`)) {
    const precise = await features({ layers: 'all' });
    compare(
      'precise embedding',
      precise.map(({ data: last }) => [last]),
      'precise/embedding',
    );
    compare(
      'precise layers',
      precise.map(({ layers }) => layers),
      'precise/layers',
    );
  }
  if (tensors.has(`${recording}/fast/embedding`)) {
    const fast = await features({ mode: 'fast' });
    const stepsInChunk = settings.chunkFrames! / settings.patch[1];
    compare(
      'fast embedding',
      fast.map(({ data: last, frames }) => [interleave(last, frames, stepsInChunk)]),
      'fast/embedding',
    );
  }
  if (tensors.has(`${recording}/probabilities`) && head) {
    const frames = await features({ frequency: 'mean' });
    compare(
      'embedding',
      frames.map(({ data: last }) => [last]),
      'embedding',
    );
    const means = await features({ frequency: 'mean', time: 'mean' });
    const probabilities = means.map(({ data: mean }) => [classProbabilities(head, mean, 'softmax')]);
    compare('probabilities', probabilities, 'probabilities', { kind: 'absolute', bound: 1e-6 });
  }
}

/**
 * Features (steps, dims) in the order of the reference's fast mode, which joins the chunks of a clip as '(t n)': step t of
 * chunk n in row t * chunks + n.
 */
export function interleave(features: Float32Array, steps: number, stepsInChunk: number): Float32Array {
  const dims = features.length / steps;
  const chunks = steps / stepsInChunk;
  const out = new Float32Array(features.length);
  for (let step = 0; step < steps; step++) {
    const [chunk, t] = [Math.floor(step / stepsInChunk), step % stepsInChunk];
    out.set(features.subarray(step * dims, (step + 1) * dims), (t * chunks + chunk) * dims);
  }
  return out;
}
