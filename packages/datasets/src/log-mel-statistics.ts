import type { LogMelStore } from './log-mel-store.js';

/** What log-mels are standardised with. */
export interface LogMelStatistics {
  readonly mean: number;
  readonly std: number;
}

/**
 * Mean and (population) standard deviation over all values of the log-mels of the clips: what a model trained on this
 * data alone standardises with. Adds clip after clip in double precision (Chan, Golub and LeVeque 1979, eq. 2.1), so the
 * result does not depend on how many clips there are nor on the number of workers.
 *
 * @param indices usually `kept` of `prepareAll`; default: all clips, which then must all be usable.
 * @throws when the values are all equal (silence), or a clip cannot be used.
 * @example
 * const { kept } = await store.prepareAll();
 * const { mean, std } = await logMelStatistics(store, kept); // -9.08 and 4.76 for ESC-50
 */
export async function logMelStatistics(store: LogMelStore, indices?: readonly number[]): Promise<LogMelStatistics> {
  let count = 0;
  let mean = 0;
  let squares = 0; // sum of squared differences from the mean
  for (const index of indices ?? store.clips.keys()) {
    const { data } = await store.load(index);
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
