import * as tf from '@tensorflow/tfjs-core';

/**
 * Runs an operation that the running backend has as one kernel, or answers `undefined` where it has none and the caller
 * composes it from TensorFlow.js's own operations. `@audio-ssl/backend` registers such kernels for `tensorflow`.
 *
 * A fused kernel has no gradient of its own: call it inside `tf.customGrad`, or where {@link isRecording} is false.
 *
 * @param name of the kernel, as in the backend's README.
 * @example
 * const [sums] = runFused('AudioSslColumnSum', { x: rows }) ?? [tf.sum(rows, 0)];
 */
export function runFused(
  name: string,
  inputs: Readonly<Record<string, tf.Tensor>>,
  attributes: Readonly<Record<string, number>> = {},
): tf.Tensor[] | undefined {
  if (!tf.getKernel(name, tf.getBackend())) return undefined;
  const made = tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attributes as unknown as tf.NamedAttrMap);
  return (Array.isArray(made) ? made : [made]) as tf.Tensor[];
}

/** Whether operations are being recorded for a gradient. */
export function isRecording(): boolean {
  const { gradientDepth, kernelDepth } = tf.engine().state;
  return gradientDepth > 0 && kernelDepth === 0;
}

/**
 * x as it is, but in a compiled graph not before `trigger` is computed: an order that the values alone do not demand,
 * and that keeps memory low. Without gradient.
 */
export function after(x: tf.Tensor, trigger: tf.Tensor): tf.Tensor {
  return runFused('AudioSslAfter', { x, trigger })?.[0] ?? tf.clone(x);
}
