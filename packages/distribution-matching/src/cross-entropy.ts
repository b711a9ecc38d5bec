import { asScalar, hasFused, runFused, tidy, type Scalar } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import { checkTemperature } from './sharpen.js';

/**
 * The cross-entropy of every token, -Σ_k p_k log softmax(s / τ)_k (DINO, Caron et al. 2021, eq. 2), with the gradient of the whole
 * operation: (softmax(s / τ) - p) / τ.
 *
 * The teacher's probabilities are constants: no gradient reaches them.
 *
 * @param studentLogits s, (..., K).
 * @param teacherProbabilities p, (..., K); each row sums to 1, which the gradient relies on.
 * @param studentTemperature τ, above 0; 0.1 in DINO and MATPAC.
 * @returns (...), as a rule (B, M).
 * @throws Error when the shapes differ and for a temperature that is a number not above 0.
 * @example
 * const loss = tf.mean(crossEntropy(project(studentHead, predicted), targets, 0.1));
 */
export function crossEntropy(
  studentLogits: tf.Tensor,
  teacherProbabilities: tf.Tensor,
  studentTemperature: Scalar,
): tf.Tensor {
  checkTemperature('crossEntropy', studentTemperature);
  if (!tf.util.arraysEqual(studentLogits.shape, teacherProbabilities.shape)) {
    throw new Error(
      `crossEntropy: expected probabilities of the logits' shape [${studentLogits.shape}], got [${teacherProbabilities.shape}]; ` +
        'do student and teacher see the same tokens and classes?',
    );
  }
  const op = hasFused('crossEntropy') ? fused : composed;
  return tidy(() => op(studentLogits, teacherProbabilities, asScalar(studentTemperature)));
}

function composed(studentLogits: tf.Tensor, teacherProbabilities: tf.Tensor, studentTemperature: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((...args) => {
    const [logits, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    const inverse = tf.reciprocal(studentTemperature);
    const scaled = tf.mul(logits, inverse);
    const shifted = tf.sub(scaled, tf.max(scaled, -1, true));
    const exponentials = tf.exp(shifted);
    const total = tf.sum(exponentials, -1, true);
    save([tf.div(exponentials, total), teacherProbabilities, inverse]);
    return {
      // log softmax = shifted - log(total), and the probabilities sum to 1.
      value: tf.sub(tf.squeeze(tf.log(total), [-1]), tf.sum(tf.mul(teacherProbabilities, shifted), -1)),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [softmax, probabilities, scale] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
        return tf.mul(tf.sub(softmax, probabilities), tf.expandDims(tf.mul(dy, scale), -1));
      },
    };
  });
  return op(studentLogits);
}

function fused(studentLogits: tf.Tensor, target: tf.Tensor, temperature: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((...args) => {
    const [x, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    const [loss, normalizer] = runFused('crossEntropy', { x, target, temperature });
    save([x, target, normalizer, temperature]);
    return {
      value: tf.reshape(loss, x.shape.slice(0, -1)),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [logits, p, norm, t] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        const inputs = { dloss: dy, x: logits, target: p, normalizer: norm, temperature: t };
        return runFused('crossEntropyGrad', inputs)[0];
      },
    };
  });
  return op(studentLogits);
}
