import { addScaled, setScaled, type DesignMatrix, type Gradient, type Vector } from './design-matrix.js';
import type { Loss } from './losses.js';

/** Options of {@link logisticPath}. */
export interface LogisticOptions {
  /** Stop when the next step promises to lower the loss by less than this share of it. */
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
  /** What is minimised, at the solution. */
  readonly loss: number;
  readonly iterations: number;
}

const HISTORY = 4; // the preconditioner carries the rest: 6 save a tenth of the iterations and cost more in each

/**
 * Logistic regression with an L2 penalty for one C after the other, each starting from the last solution.
 *
 * Minimises the loss summed over the clips + ||W||^2 / (2 C), the bias not penalised (scikit-learn's convention), by
 * full-batch L-BFGS: J. Nocedal and S. Wright, Numerical Optimization, 2nd ed. 2006, algorithms 7.4 and 7.5, with a
 * bisection for the weak Wolfe conditions. Its first estimate of the inverse Hessian is that of clips of equal weight
 * (see {@link DesignMatrix}), which takes several times fewer iterations than a multiple of the identity. The line
 * search costs no product, because the logits along it are a linear combination.
 */
export async function* logisticPath(
  design: DesignMatrix,
  loss: Loss,
  grid: readonly number[],
  options: LogisticOptions,
): AsyncGenerator<LogisticFit> {
  const w = design.zero();
  for (const C of grid) yield { C, weights: w, ...(await minimize(design, loss, w, 1 / C, options)) };
}

async function minimize(
  design: DesignMatrix,
  lossOf: Loss,
  w: Vector,
  penalty: number,
  { tolerance, maxIterations, signal }: LogisticOptions,
): Promise<{ loss: number; iterations: number }> {
  const residual = new Float64Array(design.rows * design.classes);
  const direction = design.zero();
  const downhill = design.zeroGradient();
  let gradient = design.zeroGradient();
  let next = design.zeroGradient();
  const pairs: { s: Vector; y: Gradient; sy: number }[] = []; // oldest first

  logitsAt(w, direction, 0, residual);
  let loss = lossOf(residual) + (penalty / 2) * design.inner(w, w);
  await design.gradient(residual, w, penalty, gradient);
  for (let iteration = 0; ; iteration++) {
    signal?.throwIfAborted();
    // Algorithm 7.4: direction = -H gradient.
    setScaled(downhill, -1, gradient);
    const alphas: number[] = [];
    for (const { s, y, sy } of [...pairs].reverse()) {
      const alpha = design.along(downhill, s) / sy;
      addScaled(downhill, -alpha, y);
      alphas.unshift(alpha);
    }
    await design.precondition(downhill, meanCurvature(residual), penalty, direction);
    pairs.forEach(({ s, y, sy }, i) => addScaled(direction, alphas[i]! - design.along(y, direction) / sy, s));

    const slope = design.along(gradient, direction); // minus twice the decrease that the quadratic model promises
    // The first step is always taken: a strong penalty changes the loss by next to nothing and every prediction.
    const settled = iteration > 0 && -slope <= 2 * tolerance * loss;
    if (settled || iteration >= maxIterations) return { loss, iterations: iteration };
    const ww = design.inner(w, w);
    const wd = design.inner(w, direction);
    const dd = design.inner(direction, direction);
    const found = wolfe(loss, slope, (t) => {
      logitsAt(w, direction, t, residual);
      return {
        value: lossOf(residual) + (penalty / 2) * (ww + 2 * t * wd + t * t * dd),
        slope: slopeAlong(direction, residual) + penalty * (wd + t * dd),
      };
    });
    // The arithmetic of the products is float32: when no step lowers the loss any more, this is the solution.
    if (!found) return { loss, iterations: iteration };

    addScaled(w, found.step, direction);
    loss = found.value;
    await design.gradient(residual, w, penalty, next);
    const oldest = pairs.length === HISTORY ? pairs.shift() : undefined;
    const s = oldest?.s ?? design.zero();
    const y = oldest?.y ?? design.zeroGradient();
    setScaled(s, found.step, direction);
    setScaled(y, 1, next);
    addScaled(y, -1, gradient);
    const sy = design.along(y, s);
    if (sy > 0) pairs.push({ s, y, sy });
    [gradient, next] = [next, gradient];
  }
}

/** A step that fulfils the weak Wolfe conditions, by doubling and bisection from 1; undefined when none is found. */
function wolfe(
  value: number,
  slope: number,
  at: (t: number) => { value: number; slope: number },
): { step: number; value: number } | undefined {
  let low = 0;
  let high = Infinity;
  for (let t = 1, tries = 0; tries < 30; tries++) {
    const here = at(t);
    if (!(here.value <= value + 1e-4 * t * slope)) high = t;
    else if (here.slope < 0.9 * slope) low = t;
    else return { step: t, value: here.value };
    t = high === Infinity ? 2 * t : (low + high) / 2;
  }
  return undefined;
}

/** The logits of w + t d on the training rows. */
function logitsAt(w: Vector, d: Vector, t: number, logits: Float64Array): void {
  const classes = w.bias.length;
  for (let at = 0; at < logits.length; at += classes) {
    for (let k = 0; k < classes; k++) {
      logits[at + k] = w.image[at + k]! + w.bias[k]! + t * (d.image[at + k]! + d.bias[k]!);
    }
  }
}

/** The derivative of the loss along d, from the residual where it is taken. */
function slopeAlong(d: Vector, residual: Float64Array): number {
  const classes = d.bias.length;
  let sum = 0;
  for (let at = 0; at < residual.length; at += classes) {
    for (let k = 0; k < classes; k++) sum += residual[at + k]! * (d.image[at + k]! + d.bias[k]!);
  }
  return sum;
}

/** The mean of p (1 - p) over clips and classes: the residual is p - 1 where the label says 1 and p elsewhere. */
function meanCurvature(residual: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < residual.length; i++) {
    const size = Math.abs(residual[i]!);
    sum += size * (1 - size);
  }
  return Math.max(sum / residual.length, 1e-6); // a fit without errors curves nowhere; the penalty is left
}
