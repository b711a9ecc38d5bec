import { logMelPresets, type LogMelOptions } from '@audio-ssl/audio-frontend';

/** The log-mel front end that a model was trained with. */
export type FrontEnd = 'matpac' | 'm2d' | 'm2d32k';

/** Front ends by name; `m2d32k` is that of M2D's models for sounds of 32 kHz (`get_to_melspec` in its `portable_m2d.py`). */
export const frontEnds: Readonly<Record<FrontEnd, LogMelOptions>> = {
  ...logMelPresets,
  m2d32k: {
    ...logMelPresets.m2d,
    sampleRate: 32_000,
    windowLength: 800,
    hopLength: 320,
    fftSize: 800,
    maxFrequency: 16_000,
  },
};

/** Whether a string names a front end. */
export function isFrontEnd(name: unknown): name is FrontEnd {
  return typeof name === 'string' && Object.hasOwn(frontEnds, name);
}
