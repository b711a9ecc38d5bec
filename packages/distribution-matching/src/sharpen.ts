import { asScalar, hasFused, isRecording, runFused, tidy, type Scalar } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

/**
 * The teacher's distribution over the pseudo-classes: softmax((logits - center) / temperature)
 * (DINO, Caron et al. 2021, algorithm 1).
 *
 * @param logits (..., K).
 * @param center (K), or `null` for none.
 * @param temperature above 0; below 1 it sharpens.
 * @returns (..., K); each row sums to 1.
 * @throws Error when the centre is not of shape (K) and for a number that is not above 0.
 * @example
 * const targets = sharpen(project(teacherHead, latents), center, 0.04); // (B, M, K)
 */
export function sharpen(logits: tf.Tensor, center: tf.Tensor | null, temperature: Scalar): tf.Tensor {
  checkTemperature('sharpen', temperature);
  if (center !== null && !tf.util.arraysEqual(center.shape, logits.shape.slice(-1))) {
    throw new Error(
      `sharpen: expected a center of shape [${logits.shape.at(-1)}] for logits [${logits.shape}], got [${center.shape}]; ` +
        'is it from a head with another number of pseudo-classes?',
    );
  }
  return tidy(() => {
    if (hasFused('sharpen') && !isRecording()) {
      const [value] = runFused('sharpen', {
        x: logits,
        center: center ?? tf.zeros([logits.shape.at(-1)!]),
        temperature: asScalar(temperature),
      });
      return value;
    }
    const centred = center === null ? logits : tf.sub(logits, center);
    return tf.softmax(tf.div(centred, asScalar(temperature)));
  });
}

/** Refuses a temperature that is a number and not above 0. */
export function checkTemperature(caller: string, temperature: Scalar): void {
  if (typeof temperature === 'number' && !(temperature > 0)) {
    throw new Error(`${caller}: expected a temperature above 0, got ${temperature}; DINO's teacher uses 0.04 to 0.07`);
  }
}
