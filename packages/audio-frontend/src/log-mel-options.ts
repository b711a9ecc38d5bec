import type { MelFilterBankOptions } from './mel-filter-bank.js';

/** What `createLogMel` computes; lengths are in samples. */
export interface LogMelOptions extends MelFilterBankOptions {
  /** Length of the periodic Hann window, at most `fftSize`; it stands in the middle of the frame. */
  readonly windowLength: number;
  /** Distance between the starts of two frames. */
  readonly hopLength: number;
  /**
   * `false`: the first frame starts at sample 0 and every frame lies inside the waveform, 1 + floor((n - fftSize) / hop)
   * frames. `true`: frame t is centred on sample t * hop, the waveform being mirrored at both ends.
   */
  readonly center: boolean;
  /** Added to the mel power before the natural logarithm, above 0. */
  readonly logOffset: number;
}

const matpac: LogMelOptions = {
  sampleRate: 16000,
  windowLength: 400,
  hopLength: 160,
  fftSize: 400,
  center: false,
  melBins: 80,
  minFrequency: 50,
  maxFrequency: 8000,
  logOffset: 2 ** -23,
};

/**
 * Front ends by name: `matpac`, as in the authors' code of MATPAC (arXiv 2502.12031), and `m2d`, as in that of Masked
 * Modeling Duo (arXiv 2210.14648), which centres its frames.
 */
export const logMelPresets = { matpac, m2d: { ...matpac, center: true } } as const satisfies Record<
  string,
  LogMelOptions
>;

/**
 * All options, those left out being MATPAC's.
 *
 * @throws RangeError when one is unknown or out of range.
 */
export function completeLogMelOptions(options: Partial<LogMelOptions>): LogMelOptions {
  const known = Object.keys(matpac);
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new RangeError(
      `createLogMel: expected options among ${known.join(', ')}, got "${unknown}"; check its spelling`,
    );
  }
  const complete = { ...matpac, ...options };
  const { windowLength, hopLength, fftSize, center, logOffset } = complete;
  for (const [name, value] of Object.entries({ windowLength, hopLength, fftSize })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`createLogMel: expected ${name} to be a whole number of samples above 0, got ${value}`);
    }
  }
  if (windowLength > fftSize) {
    throw new RangeError(
      `createLogMel: expected windowLength to be at most fftSize (${fftSize}), got ${windowLength}; raise fftSize or shorten the window`,
    );
  }
  if (typeof center !== 'boolean') {
    throw new RangeError(`createLogMel: expected center to be true or false, got ${String(center)}`);
  }
  if (!(logOffset > 0 && logOffset < Infinity)) {
    throw new RangeError(`createLogMel: expected logOffset above 0, got ${logOffset}; silence would be minus infinity`);
  }
  return complete;
}
