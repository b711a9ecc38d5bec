import type { Spectrogram } from '@audio-ssl/audio-frontend';

/**
 * The log-mel of two sounds at once: log((1 - λ) exp(x) + λ exp(y)). Where the other one is shorter it is silent.
 *
 * Source: log-mixup-exp of BYOL-A (Niizumi et al., arXiv 2103.06695), section 3.
 *
 * @param share λ, from 0 to below 1: how much of the power comes from the other one.
 */
export function mixSpectrograms(own: Spectrogram, other: Spectrogram, share: number): Spectrogram {
  const { bins, frames } = own;
  const [kept, ratio] = [Math.log1p(-share), share / (1 - share)];
  const data = new Float32Array(bins * frames);
  for (let bin = 0; bin < bins; bin++) {
    for (let t = 0; t < frames; t++) {
      const x = own.data[bin * frames + t]!;
      const added = t < other.frames ? Math.log1p(ratio * Math.exp(other.data[bin * other.frames + t]! - x)) : 0;
      data[bin * frames + t] = x + kept + added;
    }
  }
  return { bins, frames, data };
}
