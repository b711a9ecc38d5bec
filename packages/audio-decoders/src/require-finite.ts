/** Throws, naming the place of the first one, when `samples` holds NaN or an infinity. */
export function requireFinite(caller: string, samples: Float32Array): void {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i]! * 0; // 0 for finite samples, NaN otherwise
  if (sum === 0) return;
  const at = samples.findIndex((sample) => !Number.isFinite(sample));
  throw new RangeError(
    `${caller}: expected finite samples, got ${samples[at]} at sample ${at}; the recording is damaged, repair or leave it out`,
  );
}
