import { tidy } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

/**
 * The cosine loss of every token, 2 - 2 cos(p, t) = ‖p/‖p‖ - t/‖t‖‖² (BYOL, Grill et al. 2020, eq. 2), with the gradient of the whole
 * operation: -2 (t/‖t‖ - cos p/‖p‖) / ‖p‖.
 *
 * A vector shorter than 1e-12 is divided by 1e-12, as in PyTorch's `normalize`. The target is a constant: no gradient reaches it.
 *
 * @param predicted (..., D), as a rule (B, M, D).
 * @param target of the same shape.
 * @returns (...), in [0, 4].
 * @throws Error when the shapes differ.
 * @example
 * const loss = tf.mean(cosineLoss(predicted, targets)); // (B, M, D) -> (B, M) -> ()
 */
export function cosineLoss(predicted: tf.Tensor, target: tf.Tensor): tf.Tensor {
  requireSameShape('cosineLoss', predicted, target);
  return cosineDistance(predicted, target);
}

/** {@link cosineLoss} with a target that may have axes of length 1, against which it is compared along the whole axis. */
export function cosineDistance(predicted: tf.Tensor, target: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((...args) => {
    const [p, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    const inverseP = inverseLength(p); // (..., 1)
    const inverseT = inverseLength(target);
    const both = tf.mul(inverseP, inverseT);
    const cosine = tf.mul(tf.sum(tf.mul(p, target), -1, true), both);
    save([p, target, inverseP, both, cosine]);
    return {
      value: tf.squeeze(tf.sub(2, tf.mul(cosine, 2)), [-1]),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [x, y, invX, inv, cos] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        const outer = tf.mul(tf.expandDims(dy, -1), -2);
        const alongTarget = tf.mul(outer, inv);
        const alongPrediction = tf.mul(tf.mul(outer, cos), tf.square(invX));
        return tf.sub(tf.mul(y, alongTarget), tf.mul(x, alongPrediction));
      },
    };
  });
  return tidy(() => op(predicted));
}

/**
 * The mean squared error of every token, over its channels, with the gradient of the whole operation: 2 (p - t) / D.
 *
 * The target is a constant: no gradient reaches it.
 *
 * @param predicted (..., D), as a rule (B, M, D).
 * @param target of the same shape.
 * @returns (...).
 * @throws Error when the shapes differ.
 * @example
 * const loss = tf.mean(mseLoss(predicted, standardizeTokens(targets)));
 */
export function mseLoss(predicted: tf.Tensor, target: tf.Tensor): tf.Tensor {
  requireSameShape('mseLoss', predicted, target);
  return ofDifference(
    predicted,
    target,
    (difference) => tf.square(difference),
    (difference) => tf.mul(difference, 2),
  );
}

/**
 * The smooth L1 (Huber) loss of every token, mean over its channels: d² / 2β where |d| < β and |d| - β/2 elsewhere, for d = p - t
 * (Girshick 2015, eq. 3; PyTorch's `smooth_l1_loss`), with the gradient of the whole operation: clip(d / β, -1, 1) / D.
 *
 * The target is a constant: no gradient reaches it.
 *
 * @param predicted (..., D), as a rule (B, M, D).
 * @param target of the same shape.
 * @param options `beta`: β, above 0, in the unit of the latents; 1 by default.
 * @returns (...).
 * @throws Error when the shapes differ and for a beta that is not above 0.
 * @example
 * const loss = tf.mean(smoothL1Loss(predicted, targets, { beta: 0.5 }));
 */
export function smoothL1Loss(
  predicted: tf.Tensor,
  target: tf.Tensor,
  { beta = 1 }: { readonly beta?: number } = {},
): tf.Tensor {
  if (!(beta > 0)) throw new Error(`smoothL1Loss: expected a beta above 0, got ${beta}; 1 is PyTorch's default`);
  requireSameShape('smoothL1Loss', predicted, target);
  return ofDifference(
    predicted,
    target,
    (difference) => {
      // With m = min(|d|, β) both branches are m (|d| - m/2) / β.
      const size = tf.abs(difference);
      const capped = tf.minimum(size, beta);
      return tf.div(tf.mul(capped, tf.sub(size, tf.mul(capped, 0.5))), beta);
    },
    (difference) => tf.div(tf.clipByValue(difference, -beta, beta), beta),
  );
}

/** The mean over the last axis of a function of p - t, given with its derivative. */
function ofDifference(
  predicted: tf.Tensor,
  target: tf.Tensor,
  value: (difference: tf.Tensor) => tf.Tensor,
  derivative: (difference: tf.Tensor) => tf.Tensor,
): tf.Tensor {
  const op = tf.customGrad((...args) => {
    const [p, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    const difference = tf.sub(p, target);
    save([difference]);
    return {
      value: tf.mean(value(difference), -1),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [d] = saved as [tf.Tensor];
        return tf.mul(derivative(d), tf.expandDims(tf.div(dy, d.shape.at(-1)!), -1));
      },
    };
  });
  return tidy(() => op(predicted));
}

const inverseLength = (x: tf.Tensor): tf.Tensor =>
  tf.reciprocal(tf.maximum(tf.sqrt(tf.sum(tf.square(x), -1, true)), 1e-12));

function requireSameShape(caller: string, predicted: tf.Tensor, target: tf.Tensor): void {
  if (!tf.util.arraysEqual(predicted.shape, target.shape)) {
    throw new Error(
      `${caller}: expected a target of the prediction's shape [${predicted.shape}], got [${target.shape}]; ` +
        "are both the masked tokens, at the encoder's width?",
    );
  }
}
