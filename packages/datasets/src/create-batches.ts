import type { Spectrogram } from '@audio-ssl/audio-frontend';
import { permutation, randomStream } from '@audio-ssl/params/random';

import { cropStarts } from './crop-starts.js';
import { noneLeft, SkippedClipError, type LogMelStore, type Piece } from './log-mel-store.js';
import { mixSpectrograms } from './mix-spectrograms.js';

/** What goes into a batch. */
export interface BatchOptions {
  /** The pieces of clips to draw from, usually `pieces` of `prepareAll`. Default: the first piece of every clip. */
  readonly pieces?: readonly Pick<Piece, 'clip' | 'piece'>[];
  /** Crops in a batch. */
  readonly batchSize: number;
  /** Length of a crop. Shorter pieces are padded at the end with zeros, after standardisation. */
  readonly frames: number;
  /** Mean of the log-mels, subtracted. See {@link logMelStatistics}. */
  readonly mean: number;
  /** Standard deviation of the log-mels, divided by; above 0. */
  readonly std: number;
  /** A whole number, which decides order and crops. */
  readonly seed: number;
  /** Batches made ahead of the one asked for. Default 2. */
  readonly prefetch?: number;
  /**
   * Crops away from digital silence (stretches of zeros, 10.7 % of ESC-50): the largest share of silent frames in a
   * crop, 0 to 1, as long as the clip has a crop that is as loud. Default 1: crops anywhere.
   */
  readonly maxSilence?: number;
  /**
   * Mixes another crop of the batch into each: log((1 - λ) exp(x) + λ exp(y)), λ uniform from 0 to this, which is below 1
   * (log-mixup-exp, 0.4 in BYOL-A; Niizumi et al., arXiv 2103.06695). Default 0: none. Needs batches of two or more.
   */
  readonly mixing?: number;
}

/** Standardised crops, ready for a tensor. */
export interface Batch {
  /** (batchSize, bins, frames), row-major. */
  readonly data: Float32Array;
  /** Index in the store of each clip. */
  readonly clips: number[];
}

/** Batches by number. */
export interface Batches {
  /** The batch of a step (from 0); the same for the same seed and step, whatever was asked before. */
  at(step: number): Promise<Batch>;
  /** Forgets what was made ahead. The store stays open. */
  close(): void;
}

/**
 * Batches for training without end, as a pure function of seed and step: a run that is resumed at step n sees what it
 * would have seen. Each epoch is a new permutation of the pieces and goes over into the next one inside a batch, so every
 * batch is full and every piece comes once an epoch: a long recording counts by its length. The crop's position depends on seed, step and place in the batch.
 *
 * A clip that turns out to be unusable is listed in the store's `skipped` and another takes its place; after `prepareAll`
 * with its `kept` that only happens to files that change during the run.
 *
 * @throws when an option is out of range. `at` rejects when none of the clips can be used.
 * @example
 * const { mean, std } = await logMelStatistics(store, pieces);
 * const batches = createBatches(store, { pieces, batchSize: 32, frames: 208, mean, std, seed: 1 });
 * const { data } = await batches.at(0); // 32 * bins * 208 values
 */
export function createBatches(store: LogMelStore, options: BatchOptions): Batches {
  const { batchSize, frames, mean, std, seed, prefetch = 2, maxSilence = 1, mixing = 0 } = options;
  const pieces = options.pieces ?? store.clips.map((_, clip) => ({ clip, piece: 0 }));
  check('pieces', pieces.length > 0, 'one or more', 'none');
  for (const [name, value, least] of [
    ['batchSize', batchSize, 1],
    ['frames', frames, 1],
    ['prefetch', prefetch, 0],
  ] as const) {
    check(name, Number.isSafeInteger(value) && value >= least, `a whole number of ${least} or more`, value);
  }
  check('seed', Number.isSafeInteger(seed), 'a whole number', seed);
  check('mean', Number.isFinite(mean), 'a number', mean);
  check('std', Number.isFinite(std) && std > 0, 'a number above 0', std);
  check('maxSilence', maxSilence >= 0 && maxSilence <= 1, 'a number from 0 to 1', maxSilence);
  check('mixing', mixing >= 0 && mixing < 1, 'a number from 0 to below 1', mixing);
  check('batchSize', mixing === 0 || batchSize > 1, '2 or more where crops are mixed', batchSize);

  const orders = new Map<number, Uint32Array>();
  /** Places in `pieces`. */
  const order = (epoch: number): Uint32Array => {
    const known = orders.get(epoch);
    if (known) return known;
    const made = Uint32Array.from(permutation(pieces.length, randomStream(seed, 'order', epoch)));
    if (orders.size >= 4) orders.delete(orders.keys().next().value!);
    orders.set(epoch, made);
    return made;
  };

  /** The piece at a position of the endless sequence, or the next one of its epoch that can be used. */
  const loadAt = async (position: number): Promise<{ readonly clip: number; readonly spectrogram: Spectrogram }> => {
    const epoch = order(Math.floor(position / pieces.length));
    for (let k = 0; k < epoch.length; k++) {
      const { clip, piece } = pieces[epoch[(position + k) % epoch.length]!]!;
      try {
        return { clip, spectrogram: await store.load(clip, piece) };
      } catch (error) {
        if (!(error instanceof SkippedClipError)) throw error;
      }
    }
    throw new Error(noneLeft(store.skipped));
  };

  const crop = (spectrogram: Spectrogram, draw: number): Spectrogram => {
    const { bins, frames: all } = spectrogram;
    const start = cropStart(spectrogram, draw);
    const taken = Math.min(frames, all);
    const data = new Float32Array(bins * taken);
    for (let bin = 0; bin < bins; bin++) {
      data.set(spectrogram.data.subarray(bin * all + start, bin * all + start + taken), bin * taken);
    }
    return { bins, frames: taken, data };
  };

  /** The first frame of a crop; `draw` is uniform in [0, 1). */
  const cropStart = (spectrogram: Spectrogram, draw: number): number => {
    const last = spectrogram.frames - frames;
    if (last <= 0) return 0;
    if (maxSilence === 1) return Math.floor(draw * (last + 1));
    const starts = cropStarts(spectrogram, frames, maxSilence);
    return starts.at(Math.floor(draw * starts.count));
  };

  /** Each crop with another one of the batch mixed in. */
  const mixed = (crops: readonly Spectrogram[], step: number): readonly Spectrogram[] => {
    const random = randomStream(seed, 'mixing', step);
    return crops.map((own, row) => {
      const other = crops[(row + 1 + Math.floor(random() * (batchSize - 1))) % batchSize]!;
      return mixSpectrograms(own, other, mixing * random());
    });
  };

  const make = async (step: number): Promise<Batch> => {
    const random = randomStream(seed, 'crop', step); // one number a row, used or not
    const loading = Array.from({ length: batchSize }, async (_, row) => {
      const draw = random();
      const { clip, spectrogram } = await loadAt(step * batchSize + row);
      return { clip, crop: crop(spectrogram, draw) }; // at once: a whole piece may be far longer
    });
    const loaded = await Promise.all(loading);
    const crops = loaded.map((each) => each.crop);
    const { bins } = crops[0]!;
    const data = new Float32Array(batchSize * bins * frames); // (B, bins, frames); what stays zero is the padding
    (mixing > 0 ? mixed(crops, step) : crops).forEach((one, row) => {
      for (let bin = 0; bin < bins; bin++) {
        const [from, to] = [bin * one.frames, (row * bins + bin) * frames];
        for (let t = 0; t < one.frames; t++) data[to + t] = (one.data[from + t]! - mean) / std;
      }
    });
    return { data, clips: loaded.map(({ clip }) => clip) };
  };

  const ahead = new Map<number, Promise<Batch>>();
  const start = (step: number): Promise<Batch> => {
    const batch = ahead.get(step) ?? make(step);
    ahead.set(step, batch);
    batch.catch(() => undefined); // whoever asks for the step gets the error
    return batch;
  };

  return {
    async at(step) {
      check('step', Number.isSafeInteger(step) && step >= 0, 'a whole number of 0 or more', step);
      const batch = start(step);
      for (const other of ahead.keys()) if (other < step || other > step + prefetch) ahead.delete(other);
      for (let next = step + 1; next <= step + prefetch; next++) void start(next);
      ahead.delete(step);
      return batch;
    },
    close: () => ahead.clear(),
  };
}

function check(name: string, holds: boolean, expected: string, got: unknown): void {
  if (!holds)
    throw new Error(`createBatches: expected ${name} to be ${expected}, got ${String(got)}; correct the option`);
}
