import { permutation, randomStream } from '@audio-ssl/params/random';
import * as tf from '@tensorflow/tfjs-core';
import type { Features } from './features.js';
import type { Objective } from './objectives.js';
import type { GradientCandidate, GradientProtocol } from './probe-protocols.js';

/** Clips and their features, row i of the features being clip `rows[i]`. */
export interface Clips {
  readonly rows: Int32Array;
  readonly features: Features;
}

/** A classifier after training, at the weights of its best validation score. */
export interface TrainedClassifier {
  readonly score: number;
  /** Epochs after which it was best. */
  readonly epochs: number;
  logits(features: Features): Promise<Float32Array>;
  dispose(): void;
}

interface Layer {
  readonly kernel: tf.Variable;
  readonly bias: tf.Variable;
  /** Batch normalisation behind a hidden layer. */
  readonly norm?: { readonly gain: tf.Variable; readonly shift: tf.Variable; mean: tf.Tensor; variance: tf.Tensor };
}

// PyTorch's defaults, which the protocols of the field rely on.
const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const NORM = { momentum: 0.1, epsilon: 1e-5 };

/** Trains one candidate of a protocol in batches and keeps the weights of the best validation score. */
export async function trainClassifier(
  train: Clips,
  validation: Clips,
  objective: Objective,
  classes: number,
  candidate: GradientCandidate,
  protocol: GradientProtocol,
  seed: number,
  signal?: AbortSignal,
): Promise<TrainedClassifier> {
  const { batchSize, epochs, validateEvery, patience, tiesAreBetter } = protocol;
  const random = randomStream(seed, 'classifier');
  const layers = initialLayers(train.features.dims, classes, candidate, random);
  const variables = layers.flatMap(({ kernel, bias, norm }) => [
    kernel,
    bias,
    ...(norm ? [norm.gain, norm.shift] : []),
  ]);
  const optimizer = tf.train.adam(candidate.learningRate, ADAM.beta1, ADAM.beta2, ADAM.epsilon);
  const x = tf.tensor2d(train.features.data, [train.features.rows, train.features.dims]);
  const held = tf.tensor2d(validation.features.data, [validation.features.rows, validation.features.dims]);
  const count = train.rows.length;
  let best: { score: number; epochs: number; weights: readonly Layer[] } | undefined;
  try {
    for (let epoch = 1, waited = 0; epoch <= epochs && waited < patience; epoch++) {
      const order = permutation(count, random);
      for (let at = 0; at < count; at += batchSize) {
        // A last batch of one clip has no variance to normalise by; it is left to the next epoch's order.
        if (candidate.hidden.length > 0 && count - at === 1 && count > 1) break;
        update(order.subarray(at, Math.min(count, at + batchSize)));
      }
      if (epoch % validateEvery !== 0 && epoch !== epochs) continue;
      signal?.throwIfAborted();
      const score = objective.score(await infer(layers, held), validation.rows);
      if (!best || score > best.score || (tiesAreBetter && score === best.score)) {
        if (best) disposeLayers(best.weights);
        best = { score, epochs: epoch, weights: copyLayers(layers) };
        waited = 0;
      } else waited++;
      // A macrotask, so that timers, Ctrl-C and messages of workers get their turn.
      await new Promise((resolve) => setTimeout(resolve));
    }
  } catch (error) {
    if (best) disposeLayers(best.weights);
    throw error;
  } finally {
    disposeLayers(layers);
    optimizer.dispose();
    tf.dispose([x, held]);
  }
  const kept = best!; // the last epoch is always validated
  return {
    score: kept.score,
    epochs: kept.epochs,
    logits: async ({ data, rows, dims }) => {
      const others = tf.tensor2d(data, [rows, dims]);
      const logits = await infer(kept.weights, others);
      others.dispose();
      return logits;
    },
    dispose: () => disposeLayers(kept.weights),
  };

  function update(batch: Int32Array): void {
    const rows = Int32Array.from(batch, (i) => train.rows[i]!);
    const observed: { norm: NonNullable<Layer['norm']>; mean: tf.Tensor; variance: tf.Tensor }[] = [];
    const dropoutSeed = Math.floor(random() * 2 ** 31);
    tf.tidy(() => {
      const input = tf.gather(x, tf.tensor1d(batch, 'int32')) as tf.Tensor2D;
      optimizer.minimize(
        () => {
          const logits = forward(layers, input, (hidden, norm, i) => {
            const { mean, variance } = tf.moments(hidden, 0);
            observed.push({ norm, mean: tf.keep(tf.clone(mean)), variance: tf.keep(tf.clone(variance)) });
            return tf.dropout(
              normalize(hidden, { ...norm, mean, variance }),
              candidate.dropout,
              undefined,
              dropoutSeed + i,
            );
          });
          const loss = objective.batchLoss(logits, rows);
          if (candidate.weightDecay === 0) return loss;
          const squares = tf.addN(variables.map((variable) => tf.sum(tf.square(variable))));
          return tf.add(loss, tf.mul(squares, candidate.weightDecay / 2)) as tf.Scalar;
        },
        false,
        variables,
      );
    });
    for (const { norm, mean, variance } of observed) {
      const unbiased = batch.length / Math.max(1, batch.length - 1);
      const [nextMean, nextVariance] = tf.tidy(() => [
        tf.add(tf.mul(norm.mean, 1 - NORM.momentum), tf.mul(mean, NORM.momentum)),
        tf.add(tf.mul(norm.variance, 1 - NORM.momentum), tf.mul(variance, NORM.momentum * unbiased)),
      ]);
      tf.dispose([norm.mean, norm.variance, mean, variance]);
      norm.mean = nextMean!;
      norm.variance = nextVariance!;
    }
  }
}

/** Dense layers; between two of them what `between` does to the hidden values, then a ReLU. */
function forward(
  layers: readonly Layer[],
  input: tf.Tensor2D,
  between: (hidden: tf.Tensor2D, norm: NonNullable<Layer['norm']>, layer: number) => tf.Tensor,
): tf.Tensor2D {
  return layers.reduce((x, { kernel, bias, norm }, i) => {
    const y = tf.add(tf.matMul(x, kernel as unknown as tf.Tensor2D), bias) as tf.Tensor2D;
    return norm ? (tf.relu(between(y, norm, i)) as tf.Tensor2D) : y;
  }, input);
}

function normalize(
  x: tf.Tensor,
  { gain, shift, mean, variance }: { gain: tf.Tensor; shift: tf.Tensor; mean: tf.Tensor; variance: tf.Tensor },
): tf.Tensor {
  const scale = tf.mul(gain, tf.rsqrt(tf.add(variance, NORM.epsilon)));
  return tf.add(tf.mul(tf.sub(x, mean), scale), shift);
}

async function infer(layers: readonly Layer[], input: tf.Tensor2D): Promise<Float32Array> {
  const logits = tf.tidy(() => forward(layers, input, normalize));
  const values = (await logits.data()) as Float32Array;
  logits.dispose();
  return values;
}

function initialLayers(
  dims: number,
  classes: number,
  { hidden, start }: GradientCandidate,
  random: () => number,
): Layer[] {
  const widths = [dims, ...hidden, classes];
  return widths.slice(1).map((outputs, i) => {
    const inputs = widths[i]!;
    const fanIn = 1 / Math.sqrt(inputs);
    const xavier = (i > 0 ? Math.SQRT2 : 1) * Math.sqrt(2 / (inputs + outputs)); // a standard deviation
    const uniform = (bound: number) => () => bound * (2 * random() - 1);
    const normal = (): number => xavier * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const draw = { fanIn: uniform(fanIn), xavierUniform: uniform(Math.sqrt(3) * xavier), xavierNormal: normal }[start];
    const filled = (shape: number[], next: () => number): tf.Variable =>
      tf.tidy(() => {
        const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, next);
        return tf.variable(tf.tensor(values, shape));
      });
    const layer = { kernel: filled([inputs, outputs], draw), bias: filled([outputs], uniform(fanIn)) };
    if (i === hidden.length) return layer;
    const norm = {
      gain: filled([outputs], () => 1),
      shift: filled([outputs], () => 0),
      mean: tf.zeros([outputs]),
      variance: tf.ones([outputs]),
    };
    return { ...layer, norm };
  });
}

function copyLayers(layers: readonly Layer[]): Layer[] {
  return layers.map(({ kernel, bias, norm }) => {
    const copy = (tensor: tf.Tensor): tf.Variable => tf.tidy(() => tf.variable(tf.clone(tensor)));
    const layer = { kernel: copy(kernel), bias: copy(bias) };
    if (!norm) return layer;
    const { gain, shift, mean, variance } = norm;
    return {
      ...layer,
      norm: { gain: copy(gain), shift: copy(shift), mean: tf.clone(mean), variance: tf.clone(variance) },
    };
  });
}

function disposeLayers(layers: readonly Layer[]): void {
  for (const { kernel, bias, norm } of layers) {
    tf.dispose([kernel, bias]);
    if (norm) tf.dispose([norm.gain, norm.shift, norm.mean, norm.variance]);
  }
}
