import { npyHeader, safetensorsChunks, type PendingTensor } from '@audio-ssl/tensor-files';
import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FeatureStore, StoredFile } from './feature-store.js';
import { cannotWrite } from './run-directory.js';

/** The types of file that features are written to. */
export const featureTypes = ['.npy', '.safetensors', '.jsonl', '.parquet'] as const;

/** What is written: files of a store, in this order. */
export interface Features {
  readonly store: Pick<FeatureStore, 'read' | 'width'>;
  readonly files: readonly StoredFile[];
}

/** What the rows of a store are. */
export interface FeatureShape {
  /** Whether a file has a row for every time step, or one in all. */
  readonly perFrame: boolean;
  /** Layers in a row, one after the other; `undefined` when it is one alone. */
  readonly layers: readonly number[] | undefined;
  readonly dims: number;
  /** Seconds from one time step to the next. */
  readonly secondsPerFrame: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** More files than this make a header of safetensors that readers refuse. */
const SAFETENSORS_LIMIT = 50_000;

/**
 * Writes features as one file of the type that its name tells, with no more than some megabytes in memory; the name holds the
 * old content or all of the new, whatever interrupts the process or the machine.
 *
 * `.npy`: (files, dims), per frame (frames, dims), with layers (..., layers, dims), and beside it `NAME.files.jsonl`, which
 * tells the rows of each file. `.safetensors`: one array a file. `.jsonl`: one line a file. `.parquet`: one row a vector.
 */
export async function writeFeatures(features: Features, shape: FeatureShape, out: string): Promise<void> {
  const partial = `${out}.partial`;
  try {
    switch (extname(out)) {
      case '.npy': {
        await write(Readable.from(placesOf(features)), placesFile(out));
        await write(Readable.from(npy(features, shape)), partial);
        break;
      }
      case '.safetensors':
        await write(Readable.from(safetensors(features, shape)), partial);
        break;
      case '.jsonl':
        await write(Readable.from(jsonLines(features, shape)), partial);
        break;
      default:
        await parquet(features, shape, partial);
    }
    await flush(partial);
    await rename(partial, out);
    if (process.platform !== 'win32') await flush(dirname(out)); // folders cannot be opened there
  } catch (error) {
    await rm(partial, { force: true });
    throw cannotWrite(out, error);
  }
}

/** Waits until a file, or what a folder says of its files, is on the disk. */
async function flush(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What tells the rows of each file in a `.npy`. */
export const placesFile = (out: string): string => `${out}.files.jsonl`;

/** Whether a type of file can hold that many files; says why not. */
export function refusal(out: string, files: number): string | undefined {
  return extname(out) === '.safetensors' && files > SAFETENSORS_LIMIT
    ? `safetensors with ${files} arrays are refused by their readers; take .npy, .parquet or .jsonl`
    : undefined;
}

const write = (from: Readable, to: string): Promise<void> => pipeline(from, createWriteStream(to));

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const rowShape = ({ layers, dims }: FeatureShape): number[] => (layers ? [layers.length, dims] : [dims]);

/** Where the rows of each file stand in the result. */
function* placesOf({ files }: Features): Generator<string> {
  let first = 0;
  for (const { file, rows } of files) {
    yield `${JSON.stringify({ file, first, rows })}\n`;
    first += rows;
  }
}

async function* npy({ store, files }: Features, shape: FeatureShape): AsyncGenerator<Uint8Array> {
  yield npyHeader([files.reduce((sum, { rows }) => sum + rows, 0), ...rowShape(shape)]);
  for (let i = 0; i < files.length;) {
    const { first } = files[i]!;
    let rows = 0;
    // Files that stand one after the other are read together.
    while (files[i]?.first === first + rows) rows += files[i++]!.rows;
    for await (const values of store.read(first, rows)) yield bytesOf(values);
  }
}

async function* safetensors({ store, files }: Features, shape: FeatureShape): AsyncGenerator<Uint8Array> {
  const tensors = new Map(
    files.map(({ file, first, rows }): [string, PendingTensor] => [
      file,
      {
        dtype: 'F32',
        shape: [...(shape.perFrame ? [rows] : []), ...rowShape(shape)],
        data: async function* () {
          for await (const values of store.read(first, rows)) yield bytesOf(values);
        },
      },
    ]),
  );
  yield* safetensorsChunks(tensors, shape.metadata);
}

/** The vectors of one file, row by row: those of its layers, or the only one. */
async function* vectors(
  store: Features['store'],
  { first, rows }: StoredFile,
  dims: number,
): AsyncGenerator<number[][]> {
  for await (const values of store.read(first, rows)) {
    for (let at = 0; at < values.length; at += store.width) {
      yield Array.from({ length: store.width / dims }, (_, layer) =>
        Array.from(values.subarray(at + layer * dims, at + (layer + 1) * dims)),
      );
    }
  }
}

/** A line a file, a piece a vector: the line of an hour is longer than a string may be. */
async function* jsonLines(
  { store, files }: Features,
  { perFrame, layers, dims }: FeatureShape,
): AsyncGenerator<string> {
  for (const entry of files) {
    yield `{"file":${JSON.stringify(entry.file)},"embedding":${perFrame ? '[' : ''}`;
    let separator = '';
    for await (const row of vectors(store, entry, dims)) {
      yield separator + JSON.stringify(layers ? row : row[0]);
      separator = ',';
    }
    yield perFrame ? ']}\n' : '}\n';
  }
}

const VALUES_IN_GROUP = 2 ** 20; // as numbers of JavaScript, and again as they are encoded: some 50 MB

async function parquet({ store, files }: Features, shape: FeatureShape, path: string): Promise<void> {
  const { perFrame, layers, dims, secondsPerFrame, metadata } = shape;
  const columns = [
    { name: 'file', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
    ...(perFrame ? ([{ name: 'seconds', type: 'DOUBLE', repetition_type: 'REQUIRED' }] as const) : []),
    ...(layers ? ([{ name: 'layer', type: 'INT32', repetition_type: 'REQUIRED' }] as const) : []),
  ] as const;
  const writer = new ParquetWriter({
    writer: fileWriter(path),
    schema: [
      { name: 'root', num_children: columns.length + 1 },
      ...columns,
      { name: 'embedding', num_children: 1, converted_type: 'LIST', repetition_type: 'REQUIRED' },
      { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
      { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
    ],
    codec: 'UNCOMPRESSED', // floats of features do not compress
    kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    createdBy: 'audio-ssl',
  });
  let group: { file: string; seconds: number; layer: number; embedding: number[] }[] = [];
  const writeGroup = (): void => {
    if (group.length === 0) return;
    void writer.write({
      columnData: [...columns.map(({ name }) => name), 'embedding' as const].map((name) => ({
        name,
        data: group.map((row) => row[name]),
      })),
      rowGroupSize: group.length,
    });
    group = [];
  };
  for (const entry of files) {
    let step = 0;
    for await (const row of vectors(store, entry, dims)) {
      row.forEach((embedding, i) => {
        group.push({ file: entry.file, seconds: step * secondsPerFrame, layer: layers?.[i] ?? 0, embedding });
      });
      step++;
      if (group.length * dims >= VALUES_IN_GROUP) writeGroup();
    }
  }
  writeGroup();
  void writer.finish();
}
