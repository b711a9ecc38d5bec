import { disposeTree, leaves, randomStream } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  classLogits,
  fineTuneSchedule,
  fineTuneStep,
  initFineTuning,
  initMatpac,
  variants,
  type FineTuneOptions,
  type ModelOptions,
} from '../src/index.js';

const model: ModelOptions = {
  bins: 80,
  patch: [16, 16],
  encoder: { embedDim: 16, depth: 1, numHeads: 2, mlpRatio: 2 },
  predictor: { embedDim: 16, depth: 1, numHeads: 2, mlpRatio: 2 },
  head: { hiddenDim: 16, bottleneckDim: 8, pseudoClasses: 16 },
};
const optimizer = { ...variants.matpac.optimizer, learningRate: 1e-2, warmup: 0.1 };
const [batchSize, frames, classes, steps] = [6, 32, 3, 24];

/** Noise with a louder third of the bands for each class. */
function clips(seed: number): { spectrogram: tf.Tensor3D; labels: number[] } {
  const random = randomStream(seed, 'clips');
  const labels = Array.from({ length: batchSize }, (_, i) => i % classes);
  const data = Float32Array.from({ length: batchSize * model.bins * frames }, (_, i) => {
    const bin = Math.floor(i / frames) % model.bins;
    const label = labels[Math.floor(i / frames / model.bins)]!;
    return random() - 0.5 + (Math.floor((3 * bin) / model.bins) === label ? 0.5 : 0);
  });
  return { spectrogram: tf.tensor3d(data, [batchSize, model.bins, frames]), labels };
}

describe.each(['softmax', 'sigmoid'] as const)('fine-tuning with %s', (activation) => {
  it('learns, moves the encoder, and leaves the one it was given alone', async () => {
    const options: FineTuneOptions = { model, activation, optimizer };
    const start = initMatpac({ model, ...variants.matpac }, 1);
    const before = start.student.patch_embed.proj.kernel.dataSync().slice();
    const step = fineTuneStep(options);
    const at = fineTuneSchedule(optimizer, steps);
    const counts = new Set<number>();
    const losses: number[] = [];
    const tensors = tf.memory().numTensors;
    let state = initFineTuning(start.student, { classes, model }, 0);
    for (let i = 0; i < steps; i++) {
      const { spectrogram, labels } = clips(i);
      const targets = tf.tidy(() => tf.cast(tf.oneHot(labels, classes), 'float32'));
      const { state: next, metrics } = step(state, { spectrogram, targets }, at(i));
      losses.push((await metrics['loss']!.data())[0]!);
      tf.dispose([state, metrics, spectrogram, targets] as unknown as tf.TensorContainer);
      state = next;
      counts.add(tf.memory().numTensors);
    }
    expect(counts.size).toBe(1);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 2);
    const { spectrogram, labels } = clips(1000);
    const logits = classLogits(state.student, spectrogram, model);
    expect(logits.shape).toEqual([batchSize, classes]);
    expect([...tf.argMax(logits, 1).dataSync()]).toEqual(labels);
    expect(state.student.patch_embed.proj.kernel.dataSync()).not.toEqual(before);
    expect(start.student.patch_embed.proj.kernel.dataSync()).toEqual(before);
    expect(leaves(state.student).map(([path]) => path)).not.toContain('predictor.mask_token');
    tf.dispose([logits, spectrogram]);
    disposeTree(state);
    expect(tf.memory().numTensors - tensors).toBeLessThanOrEqual(1); // the result of argMax
    disposeTree(start);
  });
});

it('initFineTuning refuses one class', () => {
  const start = initMatpac({ model, ...variants.matpac }, 1);
  expect(() => initFineTuning(start.student, { classes: 1, model }, 0)).toThrow('2 or more classes, got 1');
  disposeTree(start);
});
