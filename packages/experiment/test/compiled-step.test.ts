import { createHash } from 'node:crypto';
import { compile } from '@audio-ssl/compile';
import { randomMask } from '@audio-ssl/masking';
import { createExtractor, MATPAC_STANDARDIZATION } from '@audio-ssl/pretrained';
import {
  fineTuneSchedule,
  fineTuneStep,
  initFineTuning,
  initMatpac,
  makeBatch,
  schedule,
  trainStep,
  variants,
  type MatpacBatch,
  type MatpacOptions,
  type MatpacState,
  type ModelOptions,
} from '@audio-ssl/matpac';
import { disposeTree, leaves, randomStream, type TensorTree } from '@audio-ssl/params';
import { expectClose, expectCloseArrays } from '@audio-ssl/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compiledStep } from '../src/pretrain/compiled-step.js';

const model: ModelOptions = {
  bins: 16,
  patch: [8, 8],
  encoder: { embedDim: 16, depth: 2, numHeads: 2 },
  predictor: { embedDim: 12, depth: 1, numHeads: 3 },
  head: { hiddenDim: 16, bottleneckDim: 8, pseudoClasses: 12 },
};
const frames = 32;
const onTensorFlow = tf.getBackend() === 'tensorflow';

const { matpac } = variants;
const recipes: Readonly<Record<string, MatpacOptions>> = {
  ...Object.fromEntries(Object.entries(variants).map(([name, variant]) => [name, { model, ...variant }])),
  Sinkhorn: { model, ...matpac, classification: { ...matpac.classification, centering: 'sinkhorn' } },
  'centred logits': { model, ...matpac, classification: { ...matpac.classification, centering: 'logits' } },
  'smooth L1': { model, ...matpac, prediction: { ...matpac.prediction, loss: 'smoothL1', standardizeTargets: true } },
  'mean squared error': { model, ...matpac, prediction: { ...matpac.prediction, loss: 'mse', targetLayers: 'all' } },
  'recomputed, in two parts': { model, ...matpac, memory: { remat: true, accumulation: 2 } },
};

function batchAt(step: number): MatpacBatch {
  const random = randomStream(3, 'batch', step);
  const data = Float32Array.from({ length: 4 * model.bins * frames }, () => 2 * random() - 1);
  const grid = { freq: model.bins / 8, time: frames / 8 };
  return makeBatch(data, randomMask({ ratio: 0.6 })(grid, 4, random), model, { frames });
}

type Step = ReturnType<typeof trainStep>;

/** The state and the last metrics after some updates; all states before are disposed. */
function train(options: MatpacOptions, step: Step, updates = 2): ReturnType<Step> {
  const { at } = schedule(options, 8);
  let state: MatpacState = initMatpac(options, 1);
  let metrics: ReturnType<Step>['metrics'] | undefined;
  for (let i = 0; i < updates; i++) {
    const batch = batchAt(i);
    const next = step(state, batch, at(i + 1));
    disposeTree(batch);
    disposeTree(state); // a compiled step has done so
    if (metrics) tf.dispose({ ...metrics });
    ({ state, metrics } = next);
  }
  return { state, metrics: metrics! };
}

/** A leaf's values without the key part of the bias of queries, keys and values, and that part. */
async function split(path: string, leaf: tf.Tensor): Promise<{ values: Float32Array; keys: Float32Array }> {
  const values = (await leaf.data()) as Float32Array;
  if (!path.endsWith('attn.qkv.bias')) return { values, keys: new Float32Array(0) };
  const third = values.length / 3;
  const others = Float32Array.of(...values.subarray(0, third), ...values.subarray(2 * third));
  return { values: others, keys: values.subarray(third, 2 * third) };
}

describe('a compiled step', () => {
  it.each(Object.entries(recipes))('makes what the eager one makes: %s', async (_, options) => {
    const before = tf.memory().numTensors;
    const expected = train(options, trainStep(options));
    const step = compiledStep({ step: trainStep(options) }, { precision: 'float32' });
    const actual = train(options, step as unknown as Step);
    step.dispose();
    // The state of an eager run and that of a compiled one.
    const made = leaves(expected.state).length + Object.keys(expected.metrics).length;
    expect(tf.memory().numTensors - before).toBe(2 * made);

    // A bias of all keys adds one number to a query's products with them, which the softmax takes away again: its
    // gradient is zero but for rounding, and AdamW with a small epsilon (m2d) makes steps of any size up to the learning
    // rate of it, in either direction. Nothing depends on them.
    const rates = [1, 2].map((i) => schedule(options, 8).at(i).learningRate);
    const drift = 2 * rates.reduce((sum, rate) => sum + rate, 0);
    const wanted = new Map(leaves(expected.state));
    expect(leaves(actual.state).map(([path]) => path)).toEqual([...wanted.keys()]);
    for (const [path, leaf] of leaves(actual.state)) {
      const [ours, theirs] = [await split(path, leaf), await split(path, wanted.get(path)!)];
      // Float32 rounding of values near 1 and of their sums; measured: 3.3e-7.
      expectCloseArrays(ours.values, theirs.values, { absolute: 1e-6 });
      if (path.startsWith('moments'))
        expectCloseArrays(theirs.keys, new Float32Array(theirs.keys.length), { absolute: 1e-7 });
      expectCloseArrays(ours.keys, theirs.keys, { absolute: path.startsWith('moments') ? 1e-7 : drift });
    }
    for (const [metric, value] of Object.entries(expected.metrics)) {
      await expectClose(actual.metrics[metric]!, value, { absolute: 1e-6, relative: 1e-6 });
    }
    disposeTree([expected.state, { ...expected.metrics }, actual.state, { ...actual.metrics }] as TensorTree);
  });
});

it.each(['matpac', 'm2d', 'recomputed, in two parts'])(
  'the compiled step of %s is repeated bit for bit, compiled once or anew',
  async (name) => {
    const options = recipes[name]!;
    const runs: string[] = [];
    for (let i = 0; i < 2; i++) {
      const step = compiledStep({ step: trainStep(options) }, { precision: 'float32' });
      for (let k = 0; k < 2; k++) {
        const { state, metrics } = train(options, step as unknown as Step);
        const hash = createHash('sha256');
        for (const [, leaf] of [...leaves(state), ...leaves({ ...metrics })])
          hash.update((await leaf.data()) as Float32Array);
        runs.push(hash.digest('hex'));
        disposeTree([state, { ...metrics }] as TensorTree);
      }
      step.dispose();
    }
    expect(new Set(runs).size).toBe(1);
  },
);

/** An operation of TensorFlow as a kernel asks for it. */
interface Call {
  readonly op: string;
  readonly attributes: readonly { readonly name: string; readonly value: unknown }[];
  readonly inputs: readonly tf.Tensor[];
  readonly outputs: number;
}

/** What is used here of tfjs-node's backend. */
interface NodeBackend {
  executeSingleOutput(op: string, attributes: Call['attributes'], inputs: readonly tf.TensorInfo[]): tf.Tensor;
  executeMultipleOutputs(
    op: string,
    attributes: Call['attributes'],
    inputs: readonly tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
}

/** Every operation that `f` runs, once for each set of attributes and types. */
function recorded(f: () => void): Map<string, Call> {
  const backend = tf.backend() as unknown as NodeBackend;
  const calls = new Map<string, Call>();
  const note = (
    op: string,
    attributes: Call['attributes'],
    inputs: readonly tf.TensorInfo[],
    outputs: number,
  ): void => {
    const key = `${op} ${JSON.stringify(attributes)} ${inputs.map(({ dtype, shape }) => `${dtype}${shape.length}`)}`;
    if (calls.has(key)) return;
    const copies = inputs.map(({ dataId, shape, dtype }) =>
      tf.keep(tf.tensor(tf.engine().readSync(dataId).slice() as Float32Array, shape, dtype)),
    );
    calls.set(key, { op, attributes, inputs: copies, outputs });
  };
  const { executeSingleOutput: single, executeMultipleOutputs: multiple } = backend;
  backend.executeSingleOutput = (op, attributes, inputs) => {
    note(op, attributes, inputs, 1);
    return single.call(backend, op, attributes, inputs);
  };
  backend.executeMultipleOutputs = (op, attributes, inputs, outputs) => {
    note(op, attributes, inputs, outputs);
    return multiple.call(backend, op, attributes, inputs, outputs);
  };
  try {
    f();
  } finally {
    Object.assign(backend, { executeSingleOutput: single, executeMultipleOutputs: multiple });
  }
  return calls;
}

describe.skipIf(!onTensorFlow)('every operation of the steps', () => {
  it('gives in a graph what it gives alone', async () => {
    const calls = recorded(() =>
      tf.tidy(() => {
        for (const options of Object.values(recipes)) {
          const batch = batchAt(0);
          trainStep(options)(initMatpac(options, 1), batch, schedule(options, 8).at(3));
        }
        const { student } = initMatpac(recipes['matpac']!, 1);
        for (const activation of ['softmax', 'sigmoid'] as const) {
          const optimizer = matpac.optimizer;
          const step = fineTuneStep({ model, activation, optimizer });
          const state = initFineTuning(student, { classes: 3, model }, 1);
          const spectrogram = tf.randomNormal([2, model.bins, frames], 0, 1, 'float32', 1);
          const targets = tf.tensor2d([1, 0, 0, 0, 1, 0], [2, 3]);
          step(state, { spectrogram, targets }, fineTuneSchedule(optimizer, 8)(3));
        }
      }),
    );
    const backend = tf.backend() as unknown as NodeBackend;
    const compared = new Set<string>();
    for (const [key, { op, attributes, inputs, outputs }] of calls) {
      // Small integers are shapes, axes and counts: constants in every function that uses the operation.
      const open = inputs.filter(({ dtype, size }) => dtype !== 'int32' || size > 8);
      const run = (...args: readonly tf.Tensor[]): tf.Tensor[] => {
        const given = args.values();
        const all = inputs.map((input) => (open.includes(input) ? given.next().value! : input));
        return backend.executeMultipleOutputs(op, attributes, all, outputs);
      };
      const compiled = compile(run);
      const [expected, actual] = [run(...open), compiled(...open)];
      for (const [i, tensor] of expected.entries()) {
        const [ours, theirs] = [await actual[i]!.data(), await tensor.data()];
        expect(actual[i]!.shape, key).toEqual(tensor.shape);
        // One operation on the same numbers: the last bit of a sum in another order.
        expectCloseArrays(ours, theirs, { absolute: 1e-6, relative: 1e-6 });
      }
      compiled.dispose();
      tf.dispose([inputs, expected, actual] as tf.TensorContainer);
      compared.add(op);
    }
    const known = [
      'AdamW',
      'Attention',
      'AttentionGrad',
      'Average',
      'BiasGeluGrad',
      'LayerNormGrad',
      'CrossEntropyGrad',
    ];
    expect([...compared]).toEqual(expect.arrayContaining(['BatchMatMulV2', ...known.map((op) => `AudioSsl${op}`)]));
  });
});

describe('a compiled extractor', () => {
  it('gives what the eager one gives', async () => {
    const { student } = initMatpac(recipes['matpac']!, 1);
    const options = { patch: model.patch, numHeads: 2, standardization: MATPAC_STANDARDIZATION, chunkFrames: 32 };
    const plain = createExtractor(student, options);
    const extract = createExtractor(student, { ...options, compile });
    const random = randomStream(4);
    const logMels = [70, 64, 32].map((length) => ({
      bins: model.bins,
      frames: length,
      data: Float32Array.from({ length: model.bins * length }, () => -7 + 4 * random()),
    }));
    const expected = await plain.fromLogMels(logMels);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 3; i++) {
      const actual = await extract.fromLogMels(logMels);
      actual.forEach(({ data }, clip) => expectCloseArrays(data, expected[clip]!.data, { absolute: 1e-5 }));
    }
    expect(tf.memory().numTensors).toBe(before);
    extract.dispose();
  });
});
