import type { LogMelStore, Piece } from './log-mel-store.js';

/** What log-mels are standardised with. */
export interface LogMelStatistics {
  readonly mean: number;
  readonly std: number;
}

/** How {@link logMelStatistics} tells and is stopped. */
export interface StatisticsOptions {
  /** Called after each piece with how many have been added up, of how many; without `pieces`, a clip not yet looked at counts as one. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  /** Stops the work. */
  readonly signal?: AbortSignal;
}

/**
 * Mean and (population) standard deviation over all values of the log-mels of pieces of clips: what a model trained on this
 * data alone standardises with. Adds piece after piece in double precision (Chan, Golub and LeVeque 1979, eq. 2.1), so the
 * result does not depend on how many there are nor on the number of workers.
 *
 * @param pieces usually those of `prepareAll`; default: all pieces of all clips, which then must all be usable.
 * @throws when the values are all equal (silence), or a clip cannot be used; the signal's reason, between two pieces, when
 * it is aborted.
 * @example
 * const { pieces } = await store.prepareAll();
 * const { mean, std } = await logMelStatistics(store, pieces, { onProgress: console.log }); // -9.08 and 4.76 for ESC-50
 */
export async function logMelStatistics(
  store: LogMelStore,
  pieces?: readonly Pick<Piece, 'clip' | 'piece'>[],
  { onProgress, signal }: StatisticsOptions = {},
): Promise<LogMelStatistics> {
  let count = 0;
  let mean = 0;
  let squares = 0; // sum of squared differences from the mean
  let done = 0;
  let total = pieces?.length ?? store.clips.length;
  for await (const { clip, piece } of pieces ?? allPieces(store, (more) => (total += more))) {
    signal?.throwIfAborted();
    const { data } = await store.load(clip, piece);
    let sum = 0;
    for (const value of data) sum += value;
    const own = sum / data.length;
    let ownSquares = 0;
    for (const value of data) ownSquares += (value - own) ** 2;
    const added = count + data.length;
    squares += ownSquares + ((own - mean) ** 2 * count * data.length) / added;
    mean += ((own - mean) * data.length) / added;
    count = added;
    onProgress?.({ done: ++done, total });
  }
  const std = Math.sqrt(squares / count);
  if (!(std > 0)) {
    throw new Error(
      `logMelStatistics: expected values that differ, got a standard deviation of ${std}; are the clips silent?`,
    );
  }
  return { mean, std };
}

async function* allPieces(
  store: LogMelStore,
  onMore: (pieces: number) => void,
): AsyncGenerator<Pick<Piece, 'clip' | 'piece'>> {
  for (const clip of store.clips.keys()) {
    const { length } = await store.pieces(clip);
    onMore(length - 1);
    for (let piece = 0; piece < length; piece++) yield { clip, piece };
  }
}
