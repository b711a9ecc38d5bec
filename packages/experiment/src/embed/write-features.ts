import { npyHeader, safetensorsChunks, type PendingTensor } from '@audio-ssl/tensor-files';
import { writeAtomically } from '@audio-ssl/tensor-files/node';
import { cannotWrite } from '@audio-ssl/trainer';
import { extname } from 'node:path';
import { parquetChunks } from './parquet-chunks.js';
import { vectors, type FeatureShape, type StoredFeatures } from './stored-features.js';

/** The types of file that features are written to. */
export const featureTypes = ['.npy', '.safetensors', '.jsonl', '.parquet'] as const;

/** More arrays than this make a header of safetensors that readers refuse. */
const SAFETENSORS_LIMIT = 50_000;

/**
 * Writes features to one file of the type that its name ends in, holding no more than some megabytes in memory; the name
 * holds the old content or all of the new, whatever interrupts the process or the machine.
 *
 * `.npy`: (files, dims), per frame (frames, dims), with layers (..., layers, dims), and beside it `NAME.files.jsonl`, which
 * lists the rows of each file. `.safetensors`: one array per file. `.jsonl`: one line per file. `.parquet`: one row per
 * vector.
 *
 * @throws Error naming the file when it cannot be written
 */
export async function writeFeatures(features: StoredFeatures, shape: FeatureShape, out: string): Promise<void> {
  try {
    const type = extname(out);
    if (type === '.npy') await writeAtomically(placesFile(out), placesOf(features));
    await writeAtomically(out, contents[type as keyof typeof contents](features, shape));
  } catch (error) {
    throw cannotWrite(out, error);
  }
}

const contents = {
  '.npy': npy,
  '.safetensors': safetensors,
  '.jsonl': jsonLines,
  '.parquet': parquetChunks,
} satisfies Record<(typeof featureTypes)[number], unknown>;

/** The file beside a `.npy` that lists the rows of each file. */
export const placesFile = (out: string): string => `${out}.files.jsonl`;

/** Why a type of file cannot hold that many files; `undefined` when it can. */
export function refusal(out: string, files: number): string | undefined {
  return extname(out) === '.safetensors' && files > SAFETENSORS_LIMIT
    ? `readers refuse safetensors with ${files} arrays; take .npy, .parquet or .jsonl`
    : undefined;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const rowShape = ({ layers, dims }: FeatureShape): number[] => (layers ? [layers.length, dims] : [dims]);

/** The rows of each file in the result. */
function* placesOf({ files }: StoredFeatures): Generator<string> {
  let first = 0;
  for (const { file, rows } of files) {
    yield `${JSON.stringify({ file, first, rows })}\n`;
    first += rows;
  }
}

async function* npy({ store, files }: StoredFeatures, shape: FeatureShape): AsyncGenerator<Uint8Array> {
  yield npyHeader([files.reduce((sum, { rows }) => sum + rows, 0), ...rowShape(shape)]);
  for (let i = 0; i < files.length;) {
    const { first } = files[i]!;
    let rows = 0;
    // Files whose rows follow one another are read together.
    while (files[i]?.first === first + rows) rows += files[i++]!.rows;
    for await (const values of store.read(first, rows)) yield bytesOf(values);
  }
}

async function* safetensors({ store, files }: StoredFeatures, shape: FeatureShape): AsyncGenerator<Uint8Array> {
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

/** A line per file, in pieces of a vector: the line of an hour is longer than a string may be. */
async function* jsonLines(
  { store, files }: StoredFeatures,
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
