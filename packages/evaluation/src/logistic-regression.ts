import { addScaled, copy, scale, type DesignMatrix, type Vector } from './design-matrix.js';

/** Options of {@link logisticPath}. */
export interface LogisticOptions {
  /** Stop when the gradient has fallen to this share of its length at zero weights. */
  readonly tolerance: number;
  /** Stop after this many L-BFGS iterations. */
  readonly maxIterations: number;
  readonly signal?: AbortSignal | undefined;
}

/** The solution for one C. */
export interface LogisticFit {
  readonly C: number;
  /** Borrowed until the next one is asked for: the same vector is moved on. */
  readonly weights: Vector;
  readonly loss: number;
  readonly iterations: number;
}

const HISTORY = 5; // more saves no iterations on features of a thousand clips, and costs time in each

/**
 * Multinomial logistic regression with an L2 penalty for one C after the other, each starting from the last solution.
 *
 * Minimises sum of cross-entropies + ||W||^2 / (2 C), the bias not penalised (scikit-learn's convention), by full-batch
 * L-BFGS: J. Nocedal and S. Wright, Numerical Optimization, 2nd ed. 2006, algorithms 7.4 and 7.5, with a bisection for
 * the weak Wolfe conditions. A step costs one matrix product; the line search costs none, because the logits along it
 * are a linear combination.
 */
export async function* logisticPath(
  design: DesignMatrix,
  labels: Int32Array,
  grid: readonly number[],
  options: LogisticOptions,
): AsyncGenerator<LogisticFit> {
  const w = design.zero();
  const residual = new Float64Array(design.rows * design.classes);
  const gradient = design.zero();
  crossEntropyAt(w, null, 0, labels, residual);
  await design.gradient(residual, w, 0, gradient);
  const target = options.tolerance * Math.sqrt(design.inner(gradient, gradient, true));
  for (const C of grid) yield { C, weights: w, ...(await minimise(design, labels, w, 1 / C, target, options)) };
}

async function minimise(
  design: DesignMatrix,
  labels: Int32Array,
  w: Vector,
  penalty: number,
  target: number,
  { maxIterations, signal }: LogisticOptions,
): Promise<{ loss: number; iterations: number }> {
  const residual = new Float64Array(design.rows * design.classes);
  const inner = (u: Vector, v: Vector): number => design.inner(u, v, true);
  const direction = design.zero();
  let gradient = design.zero();
  let next = design.zero();
  const pairs: { s: Vector; y: Vector; sy: number }[] = []; // oldest first

  let loss = crossEntropyAt(w, null, 0, labels, residual) + (penalty / 2) * design.inner(w, w, false);
  await design.gradient(residual, w, penalty, gradient);
  for (let iteration = 0; ; iteration++) {
    signal?.throwIfAborted();
    const length = Math.sqrt(inner(gradient, gradient));
    if (length <= target || iteration >= maxIterations) return { loss, iterations: iteration };

    twoLoop(direction, gradient, pairs, inner);
    const slope = inner(gradient, direction);
    const ww = design.inner(w, w, false);
    const wd = design.inner(w, direction, false);
    const dd = design.inner(direction, direction, false);
    const first = pairs.length === 0 ? Math.min(1, 1 / length) : 1;
    const found = wolfe(first, loss, slope, (t) => {
      const cross = crossEntropyAt(w, direction, t, labels, residual);
      const norm = ww + 2 * t * wd + t * t * dd;
      return {
        value: cross + (penalty / 2) * norm,
        slope: slopeAlong(direction, residual, design.classes) + penalty * (wd + t * dd),
      };
    });
    // The arithmetic of the products is float32: when no step lowers the loss any more, this is the solution.
    if (!found) return { loss, iterations: iteration };

    addScaled(w, found.step, direction);
    loss = found.value;
    await design.gradient(residual, w, penalty, next);
    const oldest = pairs.length === HISTORY ? pairs.shift()! : undefined;
    const s = oldest?.s ?? design.zero();
    const y = oldest?.y ?? design.zero();
    copy(s, direction);
    scale(s, found.step);
    copy(y, next);
    addScaled(y, -1, gradient);
    const sy = inner(s, y);
    if (sy > 0) pairs.push({ s, y, sy });
    [gradient, next] = [next, gradient];
  }
}

/** Sets `direction` to minus the inverse-Hessian estimate times the gradient (Nocedal & Wright, algorithm 7.4). */
function twoLoop(
  direction: Vector,
  gradient: Vector,
  pairs: readonly { readonly s: Vector; readonly y: Vector; readonly sy: number }[],
  inner: (u: Vector, v: Vector) => number,
): void {
  copy(direction, gradient);
  const alphas: number[] = [];
  for (const { s, y, sy } of [...pairs].reverse()) {
    const alpha = inner(s, direction) / sy;
    addScaled(direction, -alpha, y);
    alphas.unshift(alpha);
  }
  const last = pairs.at(-1);
  if (last) scale(direction, last.sy / inner(last.y, last.y));
  pairs.forEach(({ s, y, sy }, i) => addScaled(direction, alphas[i]! - inner(y, direction) / sy, s));
  scale(direction, -1);
}

/** A step that fulfils the weak Wolfe conditions, by doubling and bisection; undefined when none is found. */
function wolfe(
  first: number,
  value: number,
  slope: number,
  at: (t: number) => { value: number; slope: number },
): { step: number; value: number } | undefined {
  let low = 0;
  let high = Infinity;
  for (let t = first, tries = 0; tries < 30; tries++) {
    const here = at(t);
    if (!(here.value <= value + 1e-4 * t * slope)) high = t;
    else if (here.slope < 0.9 * slope) low = t;
    else return { step: t, value: here.value };
    t = high === Infinity ? 2 * t : (low + high) / 2;
  }
  return undefined;
}

/** The summed cross-entropy at w + t d; sets `residual` to softmax(logits) - onehot(labels), (N, K). */
function crossEntropyAt(w: Vector, d: Vector | null, t: number, labels: Int32Array, residual: Float64Array): number {
  const classes = w.bias.length;
  let loss = 0;
  for (let n = 0; n < labels.length; n++) {
    const at = n * classes;
    let max = -Infinity;
    for (let k = 0; k < classes; k++) {
      const logit = w.image[at + k]! + w.bias[k]! + (d ? t * (d.image[at + k]! + d.bias[k]!) : 0);
      residual[at + k] = logit;
      if (logit > max) max = logit;
    }
    const label = at + labels[n]!;
    const right = residual[label]!;
    let sum = 0;
    for (let k = at; k < at + classes; k++) sum += residual[k] = Math.exp(residual[k]! - max);
    loss += max + Math.log(sum) - right;
    for (let k = at; k < at + classes; k++) residual[k]! /= sum;
    residual[label]! -= 1;
  }
  return loss;
}

/** The derivative of the cross-entropy along d, from the residual where it is taken. */
function slopeAlong(d: Vector, residual: Float64Array, classes: number): number {
  let sum = 0;
  for (let at = 0; at < residual.length; at += classes) {
    for (let k = 0; k < classes; k++) sum += residual[at + k]! * (d.image[at + k]! + d.bias[k]!);
  }
  return sum;
}
