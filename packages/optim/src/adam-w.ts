import {
  asScalar,
  hasFused,
  leaves,
  mapTree,
  runFused,
  tidy,
  zipTrees,
  type Gradients,
  type Scalar,
  type TensorTree,
  type Tree,
} from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

/** The running means of AdamW, each in the shape of the parameters: `first` of the gradient, `second` of its square. */
export type Moments<P> = { readonly first: P; readonly second: P };

/**
 * Which parameters decay: every one, only matrices (two or more axes, not named `bias`; as timm and M2D do), or those for which
 * a function of the leaf's path and shape says so.
 */
export type Decay = 'all' | 'matrices' | ((path: string, shape: readonly number[]) => boolean);

/** The constants of AdamW; the defaults are those of its paper and of PyTorch, with decay for matrices alone. */
export interface AdamWOptions {
  /** Decay of the first moment, in [0, 1); 0.9 by default. */
  readonly beta1?: number;
  /** Decay of the second moment, in [0, 1); 0.999 by default. */
  readonly beta2?: number;
  /** Added to the root of the second moment, above 0; 1e-8 by default. */
  readonly epsilon?: number;
  /**
   * What epsilon is added to: the root of the second moment after the bias correction (`'corrected'`, the paper's and
   * PyTorch's; the default) or as it stands (`'uncorrected'`, fairseq's Adam).
   */
  readonly epsilonPlacement?: 'corrected' | 'uncorrected';
  /** Decoupled weight decay, 0 or more; multiplied by the learning rate. 0.01 by default. */
  readonly weightDecay?: number;
  /** The parameters that decay; `'matrices'` by default. */
  readonly decay?: Decay;
}

/** What changes from step to step: numbers, or scalar tensors inside a step that is compiled. */
export interface AdamWScalars {
  readonly learningRate: Scalar;
  /** The number of updates made before, for the bias corrections: the first update is step 0, as for the schedules. */
  readonly step: Scalar;
  /** Factor of every gradient, as {@link globalNormScale} gives it; 1 by default. */
  readonly gradientScale?: Scalar | undefined;
}

const defaults = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  epsilonPlacement: 'corrected',
  weightDecay: 0.01,
  decay: 'matrices',
} as const;

/**
 * The moments before the first update: zeros in the shape of the parameters.
 *
 * @throws Error for a tree without tensors.
 * @example
 * const moments = initMoments(params); // { first, second }
 */
export function initMoments<P extends TensorTree>(params: P): Moments<P> {
  if (leaves(params).length === 0) {
    throw new Error('initMoments: expected a tree with at least one tensor, got none; are these the parameters?');
  }
  const zeros = (): P => mapTree(params, (leaf) => tf.zeros(leaf.shape));
  return { first: zeros(), second: zeros() };
}

/**
 * One update of Adam with decoupled weight decay (Loshchilov & Hutter 2019, algorithm 2, where the schedule multiplier is 1):
 *
 * m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g², with c1 = 1 - beta1^t, c2 = 1 - beta2^t and t = step + 1, then
 * p = p - lr wd p - lr (m / c1) / (√(v / c2) + epsilon) for `'corrected'`, or
 * p = p - lr wd p - lr (√c2 / c1) m / (√v + epsilon) for `'uncorrected'` (fairseq's `adam`).
 *
 * A parameter whose gradient is `null` is left as it is, its decay and its moments included.
 *
 * @param params float32 tensors of any shapes; borrowed, as all arguments are.
 * @param grads the gradients, or `null`, in the shape of the parameters.
 * @param moments from {@link initMoments} or the update before.
 * @param scalars `learningRate`, `step` counted from 0, and `gradientScale`.
 * @returns new parameters and moments; the caller disposes the old ones.
 * @throws Error when the trees differ (naming the path), when every gradient is `null`, for a step that is a number but
 * not a whole one of 0 or more, and for an option out of range.
 * @example
 * const next = adamW(params, grads, moments, { learningRate: learningRate(step), step }, { weightDecay: 0.05 });
 */
export function adamW<P extends TensorTree>(
  params: P,
  grads: Gradients<P>,
  moments: Moments<P>,
  scalars: AdamWScalars,
  options: AdamWOptions = {},
): { readonly params: P; readonly moments: Moments<P> } {
  const { beta1, beta2, epsilon, epsilonPlacement, weightDecay, decay } = checked(options);
  return tidy(() => {
    const learningRate = asScalar(scalars.learningRate);
    const rootOfSecond = tf.sqrt(biasCorrection(beta2, scalars.step));
    // Both placements are one formula: √(v / c2) + epsilon = (√v + epsilon √c2) / √c2.
    const rate = tf.div(tf.mul(learningRate, rootOfSecond), biasCorrection(beta1, scalars.step));
    const floor = epsilonPlacement === 'corrected' ? tf.mul(rootOfSecond, epsilon) : tf.scalar(epsilon);
    const kept = tf.sub(1, tf.mul(learningRate, weightDecay));
    const scale = asScalar(scalars.gradientScale ?? 1);
    const one = tf.scalar(1);
    // Scalars are made once: a number in an operation becomes a new tensor each time.
    const b1 = tf.scalar(beta1);
    const b2 = tf.scalar(beta2);
    const rest1 = tf.scalar(1 - beta1);
    const rest2 = tf.scalar(1 - beta2);

    // The leaf of each new tree, by path: a tree has one value per leaf and an update makes three.
    const first = new Map<string, tf.Tensor>();
    const second = new Map<string, tf.Tensor>();
    let updates = 0;
    const trees = [params, grads as Tree<tf.Tensor | null>, moments.first, moments.second] as const;
    const updated = zipTrees<P, tf.Tensor | null>(trees, (found, path) => {
      const [p, g, m, v] = found as [tf.Tensor, tf.Tensor | null, tf.Tensor, tf.Tensor];
      refuseOtherShapes(path, p, { gradient: g, 'first moment': m, 'second moment': v });
      if (g === null) {
        first.set(path, tf.clone(m));
        second.set(path, tf.clone(v));
        return tf.clone(p);
      }
      updates++;
      const decayed = weightDecay > 0 && decay(path, p.shape);
      if (hasFused('adamW')) {
        const [param, mean, meanSquare] = runFused(
          'adamW',
          { param: p, grad: g, first: m, second: v, rate, floor, kept: decayed ? kept : one, scale },
          { beta1, beta2, rest1: 1 - beta1, rest2: 1 - beta2 },
        );
        first.set(path, mean);
        second.set(path, meanSquare);
        return param;
      }
      const scaled = scalars.gradientScale === undefined ? g : tf.mul(g, scale);
      const mean = tf.add(tf.mul(m, b1), tf.mul(scaled, rest1));
      const meanSquare = tf.add(tf.mul(v, b2), tf.mul(tf.square(scaled), rest2));
      first.set(path, mean);
      second.set(path, meanSquare);
      const change = tf.mul(tf.div(mean, tf.add(tf.sqrt(meanSquare), floor)), rate);
      return tf.sub(decayed ? tf.mul(p, kept) : p, change);
    });
    if (updates === 0) {
      throw new Error('adamW: expected at least one gradient, all are null; does the loss use these parameters?');
    }
    const fill = (tree: P, found: ReadonlyMap<string, tf.Tensor>): P => mapTree(tree, (_, path) => found.get(path)!);
    return { params: updated, moments: { first: fill(params, first), second: fill(params, second) } };
  });
}

/**
 * 1 - beta^(step + 1), a scalar: in double precision for a number. For a tensor -expm1((step + 1) ln beta), without the
 * cancellation of 1 - beta^t while beta^t is near 1.
 */
function biasCorrection(beta: number, step: Scalar): tf.Tensor {
  if (typeof step !== 'number') {
    return tf.neg(tf.expm1(tf.mul(tf.add(tf.cast(step, 'float32'), 1), Math.log(beta))));
  }
  if (!Number.isInteger(step) || step < 0) {
    throw new Error(`adamW: expected a step of 0 or more, got ${step}; the first update is step 0`);
  }
  return tf.scalar(1 - beta ** (step + 1));
}

// A leaf of another shape might broadcast, and silently train something else.
function refuseOtherShapes(path: string, param: tf.Tensor, others: Readonly<Record<string, tf.Tensor | null>>): void {
  for (const [name, other] of Object.entries(others)) {
    if (other === null || tf.util.arraysEqual(other.shape, param.shape)) continue;
    throw new Error(
      `adamW: expected the ${name} of '${path}' to have the parameter's shape [${param.shape}], got [${other.shape}]; ` +
        'was it made for these parameters?',
    );
  }
}

function checked(options: AdamWOptions): Required<AdamWOptions> & { decay: Exclude<Decay, string> } {
  const all = { ...defaults, ...options };
  const inRange = (name: keyof AdamWOptions, ok: boolean, range: string): void => {
    if (!ok)
      throw new Error(`adamW: expected ${name} ${range}, got ${String(all[name])}; the default is ${defaults[name]}`);
  };
  inRange('beta1', all.beta1 >= 0 && all.beta1 < 1, 'in [0, 1)');
  inRange('beta2', all.beta2 >= 0 && all.beta2 < 1, 'in [0, 1)');
  inRange('epsilon', all.epsilon > 0, 'above 0');
  inRange('weightDecay', all.weightDecay >= 0, 'of 0 or more');
  inRange(
    'epsilonPlacement',
    ['uncorrected', 'corrected'].includes(all.epsilonPlacement),
    "'uncorrected' or 'corrected'",
  );
  inRange(
    'decay',
    typeof all.decay === 'function' || ['all', 'matrices'].includes(all.decay),
    "'all', 'matrices' or a function",
  );
  return { ...all, decay: predicate(all.decay) };
}

function predicate(decay: Decay): Exclude<Decay, string> {
  if (typeof decay === 'function') return decay;
  return decay === 'all' ? () => true : (path, shape) => shape.length > 1 && !/(^|\.)bias$/.test(path);
}
