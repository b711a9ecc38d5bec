/**
 * Throws, naming the place of the first one, when `samples` holds NaN or an infinity.
 *
 * @param start place of the first sample in the sound, for the message
 */
export function requireFinite(caller: string, samples: Float32Array, start = 0): void {
  if (allFinite(samples)) return;
  const at = samples.findIndex((sample) => !Number.isFinite(sample));
  throw new RangeError(
    `${caller}: expected finite samples, got ${samples[at]} at sample ${start + at}; the recording is damaged, repair or leave it out`,
  );
}

/** Whether no sample is NaN or infinite. */
export function allFinite(samples: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i]! * 0; // 0 for finite samples, NaN otherwise
  return sum === 0;
}
