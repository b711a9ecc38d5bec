import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { vectors, type FeatureShape, type StoredFeatures } from './stored-features.js';

const VALUES_IN_GROUP = 2 ** 18; // as numbers of JavaScript, with their levels, and again as they are encoded: some tens of MB

/** Features as a Parquet file in pieces, one row group after the other; a row is a vector. */
export async function* parquetChunks(
  { store, files }: StoredFeatures,
  { perFrame, layers, dims, secondsPerFrame, metadata }: FeatureShape,
): AsyncGenerator<Uint8Array> {
  const columns = [
    { name: 'file', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
    ...(perFrame ? ([{ name: 'seconds', type: 'DOUBLE', repetition_type: 'REQUIRED' }] as const) : []),
    ...(layers ? ([{ name: 'layer', type: 'INT32', repetition_type: 'REQUIRED' }] as const) : []),
  ] as const;
  const buffer = new ByteWriter();
  const taken = (): Uint8Array => {
    const bytes = buffer.getBytes().slice();
    buffer.index = 0; // where the next bytes go; `offset` keeps counting those of the file
    return bytes;
  };
  const writer = new ParquetWriter({
    writer: buffer,
    schema: [
      { name: 'root', num_children: columns.length + 1 },
      ...columns,
      { name: 'embedding', num_children: 1, converted_type: 'LIST', repetition_type: 'REQUIRED' },
      { name: 'list', num_children: 1, repetition_type: 'REPEATED' },
      { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
    ],
    codec: 'UNCOMPRESSED', // features do not compress
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
      if (group.length * dims < VALUES_IN_GROUP) continue;
      writeGroup();
      yield taken();
    }
  }
  writeGroup();
  void writer.finish();
  yield taken();
}
