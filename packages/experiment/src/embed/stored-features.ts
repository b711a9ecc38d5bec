import type { FeatureStore, StoredFile } from './feature-store.js';

/** Features to be written: files of a store, in this order. */
export interface StoredFeatures {
  readonly store: Pick<FeatureStore, 'read' | 'width'>;
  readonly files: readonly StoredFile[];
}

/** What the rows of a store hold. */
export interface FeatureShape {
  /** Whether a file has one row per time step, or a single row. */
  readonly perFrame: boolean;
  /** The layers in a row, one after the other; `undefined` for a single layer, which gets no axis. */
  readonly layers: readonly number[] | undefined;
  /** Values in the vector of one layer. */
  readonly dims: number;
  /** Seconds from one time step to the next. */
  readonly secondsPerFrame: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The vectors of one file, row by row: one for each of its layers. */
export async function* vectors(
  store: StoredFeatures['store'],
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
