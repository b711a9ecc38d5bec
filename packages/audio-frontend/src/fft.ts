/**
 * A complex fast Fourier transform of a fixed length n, any product of small primes: out[k] = sum_j in[j] e^(-2 pi i j k / n).
 * It overwrites `re` and `im` and returns the pair of arrays that hold the result, which are reused by the next call.
 *
 * Stockham's self-sorting form (C. Van Loan, Computational Frameworks for the Fast Fourier Transform, 1992, section 1.7),
 * decimation in frequency: a stage of radix r turns x[q + s (p + m t)] into y[q + s (r p + u)], m = n / (s r), with
 * y = w^(p u) * sum_t x_t e^(-2 pi i t u / r), w = e^(-2 pi i / (m r)). Radices 2, 4 and 5 (400 = 4 * 4 * 5 * 5) are
 * written out, the others are sums.
 */
export type Fft = (re: Float64Array, im: Float64Array) => readonly [re: Float64Array, im: Float64Array];

interface Stage {
  readonly radix: number;
  /** Distance between the elements that belong together after the stages before; at first the batch. */
  readonly stride: number;
  readonly groups: number;
  /** cos and -sin of 2 pi p u / (radix * groups), at p * radix + u. */
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

/** Prepares the tables of an {@link Fft} of `batch` signals of length `size`. */
export function createFft(size: number, batch = 1): Fft {
  const stages: Stage[] = [];
  for (let rest = size, stride = batch; rest > 1;) {
    const radix = [4, 5, 2, 3].find((r) => rest % r === 0) ?? smallestFactor(rest);
    const groups = rest / radix;
    const cos = new Float64Array(rest);
    const sin = new Float64Array(rest);
    for (let p = 0; p < groups; p++) {
      for (let u = 0; u < radix; u++) {
        const angle = (-2 * Math.PI * ((p * u) % rest)) / rest;
        cos[p * radix + u] = Math.cos(angle);
        sin[p * radix + u] = Math.sin(angle);
      }
    }
    stages.push({ radix, stride, groups, cos, sin });
    rest = groups;
    stride *= radix;
  }
  const scratchRe = new Float64Array(size * batch);
  const scratchIm = new Float64Array(size * batch);
  return (re, im) => {
    let [xr, xi]: [Float64Array, Float64Array] = [re, im];
    let [yr, yi]: [Float64Array, Float64Array] = [scratchRe, scratchIm];
    for (const stage of stages) {
      butterfliesOf(stage.radix)(stage, xr, xi, yr, yi);
      [xr, xi, yr, yi] = [yr, yi, xr, xi];
    }
    return [xr, xi];
  };
}

function smallestFactor(n: number): number {
  for (let f = 2; f * f <= n; f++) if (n % f === 0) return f;
  return n;
}

type Butterflies = (stage: Stage, xr: Float64Array, xi: Float64Array, yr: Float64Array, yi: Float64Array) => void;

const radix4: Butterflies = ({ stride, groups, cos, sin }, xr, xi, yr, yi) => {
  const step = stride * groups;
  for (let p = 0; p < groups; p++) {
    const w = 4 * p;
    const [c1, c2, c3] = [cos[w + 1]!, cos[w + 2]!, cos[w + 3]!];
    const [s1, s2, s3] = [sin[w + 1]!, sin[w + 2]!, sin[w + 3]!];
    for (let q = 0; q < stride; q++) {
      const from = q + stride * p;
      const to = q + stride * w;
      const ar = xr[from]! + xr[from + 2 * step]!;
      const ai = xi[from]! + xi[from + 2 * step]!;
      const br = xr[from]! - xr[from + 2 * step]!;
      const bi = xi[from]! - xi[from + 2 * step]!;
      const cr = xr[from + step]! + xr[from + 3 * step]!;
      const ci = xi[from + step]! + xi[from + 3 * step]!;
      const dr = xi[from + step]! - xi[from + 3 * step]!; // -i times the difference
      const di = xr[from + 3 * step]! - xr[from + step]!;
      yr[to] = ar + cr;
      yi[to] = ai + ci;
      const er = br + dr;
      const ei = bi + di;
      yr[to + stride] = er * c1 - ei * s1;
      yi[to + stride] = er * s1 + ei * c1;
      const fr = ar - cr;
      const fi = ai - ci;
      yr[to + 2 * stride] = fr * c2 - fi * s2;
      yi[to + 2 * stride] = fr * s2 + fi * c2;
      const gr = br - dr;
      const gi = bi - di;
      yr[to + 3 * stride] = gr * c3 - gi * s3;
      yi[to + 3 * stride] = gr * s3 + gi * c3;
    }
  }
};

const COS1 = Math.cos((2 * Math.PI) / 5);
const COS2 = Math.cos((4 * Math.PI) / 5);
const SIN1 = Math.sin((2 * Math.PI) / 5);
const SIN2 = Math.sin((4 * Math.PI) / 5);

const radix5: Butterflies = ({ stride, groups, cos, sin }, xr, xi, yr, yi) => {
  const step = stride * groups;
  for (let p = 0; p < groups; p++) {
    const w = 5 * p;
    const [c1, c2, c3, c4] = [cos[w + 1]!, cos[w + 2]!, cos[w + 3]!, cos[w + 4]!];
    const [s1, s2, s3, s4] = [sin[w + 1]!, sin[w + 2]!, sin[w + 3]!, sin[w + 4]!];
    for (let q = 0; q < stride; q++) {
      const from = q + stride * p;
      const to = q + stride * w;
      const zr = xr[from]!;
      const zi = xi[from]!;
      // Elements 1 and 4, and 2 and 3, enter as sum and difference: their roots are conjugates.
      const ar = xr[from + step]! + xr[from + 4 * step]!;
      const ai = xi[from + step]! + xi[from + 4 * step]!;
      const br = xr[from + step]! - xr[from + 4 * step]!;
      const bi = xi[from + step]! - xi[from + 4 * step]!;
      const cr = xr[from + 2 * step]! + xr[from + 3 * step]!;
      const ci = xi[from + 2 * step]! + xi[from + 3 * step]!;
      const dr = xr[from + 2 * step]! - xr[from + 3 * step]!;
      const di = xi[from + 2 * step]! - xi[from + 3 * step]!;
      yr[to] = zr + ar + cr;
      yi[to] = zi + ai + ci;
      const er = zr + COS1 * ar + COS2 * cr;
      const ei = zi + COS1 * ai + COS2 * ci;
      const fr = SIN1 * bi + SIN2 * di;
      const fi = -SIN1 * br - SIN2 * dr;
      const gr = zr + COS2 * ar + COS1 * cr;
      const gi = zi + COS2 * ai + COS1 * ci;
      const hr = SIN2 * bi - SIN1 * di;
      const hi = -SIN2 * br + SIN1 * dr;
      yr[to + stride] = (er + fr) * c1 - (ei + fi) * s1;
      yi[to + stride] = (er + fr) * s1 + (ei + fi) * c1;
      yr[to + 2 * stride] = (gr + hr) * c2 - (gi + hi) * s2;
      yi[to + 2 * stride] = (gr + hr) * s2 + (gi + hi) * c2;
      yr[to + 3 * stride] = (gr - hr) * c3 - (gi - hi) * s3;
      yi[to + 3 * stride] = (gr - hr) * s3 + (gi - hi) * c3;
      yr[to + 4 * stride] = (er - fr) * c4 - (ei - fi) * s4;
      yi[to + 4 * stride] = (er - fr) * s4 + (ei - fi) * c4;
    }
  }
};

const radix2: Butterflies = ({ stride, groups, cos, sin }, xr, xi, yr, yi) => {
  const step = stride * groups;
  for (let p = 0; p < groups; p++) {
    const c = cos[2 * p + 1]!;
    const s = sin[2 * p + 1]!;
    for (let q = 0; q < stride; q++) {
      const from = q + stride * p;
      const to = q + stride * 2 * p;
      const ar = xr[from]! - xr[from + step]!;
      const ai = xi[from]! - xi[from + step]!;
      yr[to] = xr[from]! + xr[from + step]!;
      yi[to] = xi[from]! + xi[from + step]!;
      yr[to + stride] = ar * c - ai * s;
      yi[to + stride] = ar * s + ai * c;
    }
  }
};

/** Any odd radix: elements t and r - t enter as sum and difference, as in {@link radix5}. */
const radixOdd: Butterflies = ({ radix, stride, groups, cos, sin }, xr, xi, yr, yi) => {
  const step = stride * groups;
  const pairs = (radix - 1) / 2;
  const rootCos = Float64Array.from({ length: radix }, (_, k) => Math.cos((2 * Math.PI * k) / radix));
  const rootSin = Float64Array.from({ length: radix }, (_, k) => Math.sin((2 * Math.PI * k) / radix));
  const [sumRe, sumIm] = [new Float64Array(pairs), new Float64Array(pairs)];
  const [differenceRe, differenceIm] = [new Float64Array(pairs), new Float64Array(pairs)];
  for (let p = 0; p < groups; p++) {
    for (let q = 0; q < stride; q++) {
      const from = q + stride * p;
      const to = q + stride * radix * p;
      const zr = xr[from]!;
      const zi = xi[from]!;
      let firstRe = zr;
      let firstIm = zi;
      for (let t = 0; t < pairs; t++) {
        const one = from + (t + 1) * step;
        const other = from + (radix - 1 - t) * step;
        firstRe += sumRe[t] = xr[one]! + xr[other]!;
        firstIm += sumIm[t] = xi[one]! + xi[other]!;
        differenceRe[t] = xr[one]! - xr[other]!;
        differenceIm[t] = xi[one]! - xi[other]!;
      }
      yr[to] = firstRe;
      yi[to] = firstIm;
      for (let u = 1; u <= pairs; u++) {
        let [er, ei, fr, fi] = [zr, zi, 0, 0];
        for (let t = 0, k = 0; t < pairs; t++) {
          k += u; // (t + 1) * u modulo the radix
          if (k >= radix) k -= radix;
          const c = rootCos[k]!;
          const s = rootSin[k]!;
          er += c * sumRe[t]!;
          ei += c * sumIm[t]!;
          fr += s * differenceIm[t]!;
          fi -= s * differenceRe[t]!;
        }
        const w = radix * p + u;
        const v = radix * (p + 1) - u;
        const one = to + u * stride;
        const other = to + (radix - u) * stride;
        yr[one] = (er + fr) * cos[w]! - (ei + fi) * sin[w]!;
        yi[one] = (er + fr) * sin[w]! + (ei + fi) * cos[w]!;
        yr[other] = (er - fr) * cos[v]! - (ei - fi) * sin[v]!;
        yi[other] = (er - fr) * sin[v]! + (ei - fi) * cos[v]!;
      }
    }
  }
};

function butterfliesOf(radix: number): Butterflies {
  return radix === 4 ? radix4 : radix === 5 ? radix5 : radix === 2 ? radix2 : radixOdd;
}
