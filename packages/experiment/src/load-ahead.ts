import type { Spectrogram } from '@audio-ssl/audio-frontend';
import { orAborted, SkippedClipError, type LogMelStore, type SoundNotice } from '@audio-ssl/datasets';

/** A clip whose first piece is there. */
export interface LoadedClip {
  /** Its index in the store. */
  readonly index: number;
  /** Frames of each of its pieces. */
  readonly pieces: readonly number[];
  /** The log-mel of its first piece, which may be the whole. */
  readonly first: Spectrogram;
  /** What is odd about it. */
  readonly notices: readonly SoundNotice[];
  /** The log-mels of all pieces in order, each computed while the one before is used. */
  spectrograms(): AsyncGenerator<Spectrogram, void, undefined>;
}

/** The options of {@link loadAhead}. */
export interface LoadAheadOptions {
  /** Clips whose first pieces are computed ahead. */
  readonly ahead: number;
  /** Called while a piece is waited for and a long sound is read, which may be another one: `reading long.mp3 0:20:14 of 3:00:00`. */
  readonly onDetail?: ((detail: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Pieces of one clip that are computed ahead. */
const PIECES_AHEAD = 2;

/**
 * Clips of a store in order, a few of them computed ahead; the memory for it does not grow with their lengths.
 *
 * @returns each clip, or why it cannot be used
 * @throws the signal's reason when it is aborted, at once
 */
export async function* loadAhead(
  store: LogMelStore,
  indices: readonly number[],
  { ahead, onDetail, signal }: LoadAheadOptions,
): AsyncGenerator<LoadedClip | SkippedClipError, void, undefined> {
  type Begun = { readonly first: Spectrogram; readonly pieces: readonly number[] };
  let current: number | undefined;
  const tell = (detail: string): void => {
    if (!signal?.aborted) onDetail?.(`reading ${detail}`);
  };
  const begin = async (index: number): Promise<Begun | SkippedClipError> => {
    try {
      const loading = store.load(index); // before its pieces are asked for: a short clip is then read once
      loading.catch(() => undefined);
      const pieces = await store.pieces(index, { onDetail: (detail) => index === current && tell(detail) });
      return { first: await loading, pieces };
    } catch (error) {
      if (error instanceof SkippedClipError) return error;
      throw error;
    }
  };
  const begun: Promise<Begun | SkippedClipError>[] = [];
  const start = (index: number): void => {
    const promise = begin(index);
    promise.catch(() => undefined); // it is awaited later, or never when the work is stopped
    begun.push(promise);
  };
  indices.slice(0, ahead).forEach(start);
  for (const [at, index] of indices.entries()) {
    current = index;
    const found = await orAborted(begun.shift()!, signal);
    if (found instanceof SkippedClipError) yield found;
    else {
      const spectrograms = () => spectrogramsOf(store, index, found, { signal, tell });
      yield { index, ...found, notices: store.noticesOf(index), spectrograms };
    }
    if (at + ahead < indices.length) start(indices[at + ahead]!);
  }
}

async function* spectrogramsOf(
  store: LogMelStore,
  index: number,
  { first, pieces }: Pick<LoadedClip, 'first' | 'pieces'>,
  { signal, tell }: { readonly signal: AbortSignal | undefined; readonly tell: (detail: string) => void },
): AsyncGenerator<Spectrogram, void, undefined> {
  const loading: Promise<Spectrogram>[] = [];
  let awaited: number | undefined;
  const start = (piece: number): void => {
    if (piece >= pieces.length) return;
    const promise = store.load(index, piece, { onDetail: (detail) => piece === awaited && tell(detail) });
    promise.catch(() => undefined); // as above
    loading.push(promise);
  };
  for (let piece = 1; piece <= PIECES_AHEAD; piece++) start(piece);
  yield first;
  for (let piece = 1; piece < pieces.length; piece++) {
    awaited = piece;
    const spectrogram = await orAborted(loading.shift()!, signal);
    awaited = undefined;
    start(piece + PIECES_AHEAD);
    yield spectrogram;
  }
}
