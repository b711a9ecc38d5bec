/** Feature vectors, one row per clip. */
export interface Features {
  /** Row-major, `rows * dims` values. */
  readonly data: Float32Array;
  readonly rows: number;
  readonly dims: number;
}

/** Which group each clip belongs to (instrument, speaker, recording): any names or numbers. */
export type Groups = ArrayLike<string | number>;

/** Refuses features that are empty, of the wrong length, or hold NaN or Infinity, naming the row and column. */
export function checkFeatures(caller: string, { data, rows, dims }: Features): void {
  if (!(Number.isSafeInteger(rows) && rows > 0 && Number.isSafeInteger(dims) && dims > 0)) {
    throw new Error(`${caller}: expected at least one row and one dimension, got ${rows} rows of ${dims} dimensions`);
  }
  if (data.length !== rows * dims) {
    throw new Error(`${caller}: ${rows} rows of ${dims} dimensions need ${rows * dims} values, got ${data.length}`);
  }
  const at = data.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) {
    throw new Error(
      `${caller}: the features of row ${Math.floor(at / dims)} hold ${data[at]} (dimension ${at % dims}); ` +
        'leave that clip out or look for damaged audio or a diverged model',
    );
  }
}

/** Refuses an array whose length is not one value per row. */
export function checkLength(caller: string, name: string, values: ArrayLike<unknown>, rows: number): void {
  if (values.length !== rows) {
    throw new Error(`${caller}: expected one value in ${name} per row, got ${values.length} for ${rows} rows`);
  }
}

/** Refuses labels outside `0..classes - 1`, naming the row. */
export function checkLabels(caller: string, labels: ArrayLike<number>, classes: number): void {
  if (!(Number.isSafeInteger(classes) && classes >= 2)) {
    throw new Error(`${caller}: expected at least 2 classes, got ${classes}`);
  }
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!(Number.isSafeInteger(label) && label >= 0 && label < classes)) {
      throw new Error(`${caller}: the label of row ${i} is ${label}, expected a whole number in 0..${classes - 1}`);
    }
  }
}

/** The rows of each group, groups in order of first appearance. */
export function rowsByGroup(groups: Groups): Int32Array[] {
  const rows = new Map<string | number, number[]>();
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i]!;
    const known = rows.get(group);
    if (known) known.push(i);
    else rows.set(group, [i]);
  }
  return [...rows.values()].map((list) => Int32Array.from(list));
}
