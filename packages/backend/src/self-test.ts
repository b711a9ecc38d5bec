import * as tf from '@tensorflow/tfjs-core';

/**
 * Compares a matrix product, a batched one and a gradient through both, a gather and a softmax on the current backend
 * with the same on `cpu`; throws when they differ by more than `tolerance`. Leaves the backend as it was.
 */
export async function selfTest(tolerance = defaultTolerance()): Promise<void> {
  const name = tf.getBackend();
  const actual = await run();
  await tf.setBackend('cpu');
  const expected = await run();
  await tf.setBackend(name);
  actual.forEach((values, i) => {
    values.forEach((value, j) => {
      const difference = Math.abs(value - expected[i]![j]!);
      if (!(difference <= tolerance)) {
        throw new Error(
          `self-test: result ${i}, element ${j} is ${value} on ${name} and ${expected[i]![j]} on cpu; build the backend again with \`setupNative\` with \`force\``,
        );
      }
    });
  });
}

async function run(): Promise<Float32Array[]> {
  const wave = (shape: number[], step: number): tf.Tensor =>
    tf.tensor(
      Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => Math.sin(step * (i + 1))),
      shape,
    );
  const results = tf.tidy(() => {
    const rows = tf.tensor1d([2, 0, 2, 4], 'int32');
    const program = (x: tf.Tensor, w: tf.Tensor): tf.Scalar => {
      const y = tf.reshape(tf.matMul(tf.gather(x, rows), w), [2, 2, 6]);
      return tf.sum(tf.mul(tf.matMul(tf.softmax(tf.matMul(y, y, false, true)), y), y));
    };
    const [x, w] = [wave([5, 8], 0.7), wave([8, 6], 0.3)];
    const { value, grads } = tf.valueAndGrads(program as (...args: tf.Tensor[]) => tf.Scalar)([x, w]);
    return [tf.matMul(x, w), tf.matMul(w, x, true, true), value, ...grads];
  });
  const read = await Promise.all(results.map((result) => result.data<'float32'>()));
  tf.dispose(results);
  return read;
}

/** float32 leaves 1e-5 of numbers of order 10; a GPU multiplies with 10 bits of mantissa (TF32), bf16 with 7. */
function defaultTolerance(): number {
  if (/BF16/i.test(`${process.env['TF_SET_ONEDNN_FPMATH_MODE']} ${process.env['ONEDNN_DEFAULT_FPMATH_MODE']}`))
    return 0.5;
  const { isUsingGpuDevice } = tf.backend() as { isUsingGpuDevice?: boolean };
  return isUsingGpuDevice ? 0.05 : 1e-4;
}
