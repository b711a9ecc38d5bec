/** The numbers that fix a mel filter bank. */
export interface MelFilterBankOptions {
  /** Samples per second, in Hz. */
  readonly sampleRate: number;
  /** Length of the Fourier transform in samples; a filter has `floor(fftSize / 2) + 1` weights. */
  readonly fftSize: number;
  /** Number of filters. */
  readonly melBins: number;
  /** Lower edge of the lowest filter, in Hz, from 0. */
  readonly minFrequency: number;
  /** Upper edge of the highest filter, in Hz, at most `sampleRate / 2`. */
  readonly maxFrequency: number;
}

/** Slaney's scale is linear up to 1000 Hz and logarithmic above, with 27 mels to a factor of 6.4. */
const LINEAR_STEP = 200 / 3;
const BREAK = 1000;
const LOG_STEP = Math.log(6.4) / 27;

const hzToMel = (hz: number): number =>
  hz < BREAK ? hz / LINEAR_STEP : BREAK / LINEAR_STEP + Math.log(hz / BREAK) / LOG_STEP;
const melToHz = (mel: number): number =>
  mel < BREAK / LINEAR_STEP ? mel * LINEAR_STEP : BREAK * Math.exp((mel - BREAK / LINEAR_STEP) * LOG_STEP);

/**
 * Triangular filters that are evenly spaced on Slaney's mel scale, each of area 1 over frequency in Hz: one row of
 * `floor(fftSize / 2) + 1` weights per filter, the lowest filter first.
 *
 * The scale and the area are those of Slaney's Auditory Toolbox (Interval Research technical report 1998-010), as in
 * librosa's default and torchaudio's `melscale_fbanks(..., norm='slaney', mel_scale='slaney')`.
 *
 * @throws When a number is out of range, or when a filter is so narrow that it holds no frequency of the transform.
 * @example
 * const filters = melFilterBank({ sampleRate: 16000, fftSize: 400, melBins: 80, minFrequency: 50, maxFrequency: 8000 });
 * filters[0].length; // 201
 */
export function melFilterBank(options: MelFilterBankOptions): readonly Float64Array[] {
  const { sampleRate, fftSize, melBins, minFrequency, maxFrequency } = options;
  const fail = (what: string, got: number, next: string): never => {
    throw new RangeError(`melFilterBank: expected ${what}, got ${got}; ${next}`);
  };
  if (!(sampleRate > 0 && sampleRate < Infinity)) fail('sampleRate above 0 Hz', sampleRate, 'give the rate in Hz');
  if (!Number.isInteger(fftSize) || fftSize < 2)
    fail('fftSize to be a whole number from 2', fftSize, '400 is usual at 16 kHz');
  if (!Number.isInteger(melBins) || melBins < 1) fail('melBins to be a whole number from 1', melBins, '80 is usual');
  if (!(minFrequency >= 0)) fail('minFrequency from 0 Hz', minFrequency, 'give the lower edge in Hz');
  if (!(maxFrequency > minFrequency && maxFrequency <= sampleRate / 2)) {
    fail(
      `maxFrequency above minFrequency (${minFrequency} Hz) and at most half the sample rate (${sampleRate / 2} Hz)`,
      maxFrequency,
      'lower it or resample the audio to a higher rate',
    );
  }
  const low = hzToMel(minFrequency);
  const high = hzToMel(maxFrequency);
  const points = Float64Array.from({ length: melBins + 2 }, (_, i) =>
    melToHz(low + ((high - low) * i) / (melBins + 1)),
  );
  return Array.from({ length: melBins }, (_, bin) => {
    const [left, center, right] = [points[bin]!, points[bin + 1]!, points[bin + 2]!];
    const filter = Float64Array.from({ length: Math.floor(fftSize / 2) + 1 }, (_, k) => {
      const hz = (k * sampleRate) / fftSize;
      const height = Math.min((hz - left) / (center - left), (right - hz) / (right - center));
      return (Math.max(0, height) * 2) / (right - left);
    });
    if (!filter.some((weight) => weight > 0)) {
      fail(
        `filter ${bin} (${left.toFixed(1)} to ${right.toFixed(1)} Hz) to hold a frequency of the transform, which are ${sampleRate / fftSize} Hz apart`,
        melBins,
        'use fewer melBins or a longer fftSize',
      );
    }
    return filter;
  });
}
