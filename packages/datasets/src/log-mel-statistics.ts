import type { LogMelStore, Piece } from './log-mel-store.js';

/** What log-mels are standardised with. */
export interface LogMelStatistics {
  readonly mean: number;
  readonly std: number;
}

/**
 * Mean and (population) standard deviation over all values of the log-mels of pieces of clips: what a model trained on this
 * data alone standardises with. Adds piece after piece in double precision (Chan, Golub and LeVeque 1979, eq. 2.1), so the
 * result does not depend on how many there are nor on the number of workers.
 *
 * @param pieces usually those of `prepareAll`; default: all pieces of all clips, which then must all be usable.
 * @throws when the values are all equal (silence), or a clip cannot be used.
 * @example
 * const { pieces } = await store.prepareAll();
 * const { mean, std } = await logMelStatistics(store, pieces); // -9.08 and 4.76 for ESC-50
 */
export async function logMelStatistics(
  store: LogMelStore,
  pieces?: readonly Pick<Piece, 'clip' | 'piece'>[],
): Promise<LogMelStatistics> {
  let count = 0;
  let mean = 0;
  let squares = 0; // sum of squared differences from the mean
  for await (const { clip, piece } of pieces ?? allPieces(store)) {
    const { data } = await store.load(clip, piece);
    let sum = 0;
    for (const value of data) sum += value;
    const own = sum / data.length;
    let ownSquares = 0;
    for (const value of data) ownSquares += (value - own) ** 2;
    const total = count + data.length;
    squares += ownSquares + ((own - mean) ** 2 * count * data.length) / total;
    mean += ((own - mean) * data.length) / total;
    count = total;
  }
  const std = Math.sqrt(squares / count);
  if (!(std > 0)) {
    throw new Error(
      `logMelStatistics: expected values that differ, got a standard deviation of ${std}; are the clips silent?`,
    );
  }
  return { mean, std };
}

async function* allPieces(store: LogMelStore): AsyncGenerator<Pick<Piece, 'clip' | 'piece'>> {
  for (const clip of store.clips.keys()) {
    const { length } = await store.pieces(clip);
    for (let piece = 0; piece < length; piece++) yield { clip, piece };
  }
}
