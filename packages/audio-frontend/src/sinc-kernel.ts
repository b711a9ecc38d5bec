import type { RateRatio } from './rate-ratio.js';

/** Zero crossings of the sinc on either side. */
export const WIDTH = 64;
/** The cut-off as a share of the lower of the two Nyquist frequencies. */
const ROLLOFF = 0.9475937167399596;
/** Shape of the Kaiser window. */
const BETA = 14.769656459379492;

/** Zero crossings of the sinc in one input sample: 1 would be a cut-off at the Nyquist frequency of the input. */
export function crossingsPerSample({ old, new: rate }: RateRatio): number {
  return (Math.min(old, rate) / old) * ROLLOFF;
}

/** The windowed sinc, 1 at 0, 0 from {@link WIDTH} on; `t` is counted in zero crossings. */
export function windowedSinc(t: number): number {
  if (Math.abs(t) >= WIDTH) return 0;
  const window = besselI0(BETA * Math.sqrt(1 - (t / WIDTH) ** 2)) / PEAK;
  return t === 0 ? window : (window * Math.sin(Math.PI * t)) / (Math.PI * t);
}

const PEAK = besselI0(BETA);

/** The modified Bessel function of the first kind and order 0, sum over k of ((x / 2)^k / k!)^2. */
function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}
