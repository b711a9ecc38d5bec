/** A spectrogram: `data[bin * frames + frame]`, that is (bins, frames) row-major; row 0 is the lowest mel. */
export interface Spectrogram {
  readonly data: Float32Array;
  readonly bins: number;
  readonly frames: number;
}

/**
 * Subtracts `mean` from every value and divides by `std`, the two of them taken over a whole data set.
 *
 * MATPAC's own, for AudioSet, are -7.056 and 4.193.
 *
 * @throws When `mean` is not finite or `std` not a finite number above 0.
 * @example
 * const input = standardize(logMel(waveform), { mean: -7.056, std: 4.193 });
 */
export function standardize(
  spectrogram: Spectrogram,
  { mean, std }: { readonly mean: number; readonly std: number },
): Spectrogram {
  if (!Number.isFinite(mean) || !(std > 0 && std < Infinity)) {
    throw new RangeError(
      `standardize: expected a finite mean and a std above 0, got ${mean} and ${std}; take both over the log-mels of the whole data set`,
    );
  }
  return { ...spectrogram, data: spectrogram.data.map((value) => (value - mean) / std) };
}

/**
 * Cuts out `frames` frames from a random start, uniform over 0..(spectrogram.frames - frames) inclusive.
 *
 * `random` gives numbers in [0, 1) and is called once.
 *
 * @throws When the spectrogram has fewer than `frames` frames ({@link pad} it first).
 * @example
 * const view = crop(pad(spectrogram, 608), 608, Math.random);
 */
export function crop(spectrogram: Spectrogram, frames: number, random: () => number): Spectrogram {
  requireFrames('crop', spectrogram, 0, frames);
  return cropAt(spectrogram, Math.floor(random() * (spectrogram.frames - frames + 1)), frames);
}

/**
 * Cuts out the frames start..(start + frames - 1).
 *
 * @throws When they are not all there ({@link pad} the spectrogram first).
 * @example
 * const secondSecond = cropAt(spectrogram, 100, 100); // at a hop of 10 ms
 */
export function cropAt(spectrogram: Spectrogram, start: number, frames: number): Spectrogram {
  requireFrames('cropAt', spectrogram, start, frames);
  const data = new Float32Array(spectrogram.bins * frames);
  for (let bin = 0; bin < spectrogram.bins; bin++) {
    const from = bin * spectrogram.frames + start;
    data.set(spectrogram.data.subarray(from, from + frames), bin * frames);
  }
  return { data, bins: spectrogram.bins, frames };
}

/**
 * Fills up with `value` after the last frame to at least `frames` frames; a longer spectrogram comes back as it is.
 *
 * 0 is the mean of a standardised spectrogram; before {@link standardize}, silence is the natural logarithm of the
 * front end's `logOffset` (-15.94 for `matpac`).
 *
 * @throws When `frames` is not a whole number above 0.
 * @example
 * const input = pad(standardize(logMel(waveform), { mean: -7.056, std: 4.193 }), 608);
 */
export function pad(spectrogram: Spectrogram, frames: number, value = 0): Spectrogram {
  if (!Number.isInteger(frames) || frames < 1) {
    throw new RangeError(`pad: expected frames to be a whole number above 0, got ${frames}`);
  }
  if (spectrogram.frames >= frames) return spectrogram;
  const data = new Float32Array(spectrogram.bins * frames).fill(value);
  for (let bin = 0; bin < spectrogram.bins; bin++) {
    const from = bin * spectrogram.frames;
    data.set(spectrogram.data.subarray(from, from + spectrogram.frames), bin * frames);
  }
  return { data, bins: spectrogram.bins, frames };
}

function requireFrames(caller: string, spectrogram: Spectrogram, start: number, frames: number): void {
  if (!Number.isInteger(frames) || frames < 1 || !Number.isInteger(start) || start < 0) {
    throw new RangeError(
      `${caller}: expected a start from 0 and a number of frames from 1, both whole, got ${start} and ${frames}`,
    );
  }
  if (start + frames > spectrogram.frames) {
    throw new RangeError(
      `${caller}: expected at least ${start + frames} frames, got ${spectrogram.frames}; pad the spectrogram first or leave the clip out`,
    );
  }
}
