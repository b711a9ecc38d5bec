import { compile } from '@audio-ssl/compile';
import { countVisible, maskFromPermutation } from '@audio-ssl/masking';
import { authorsName } from '@audio-ssl/pretrained';
import {
  initMatpac,
  makeBatch,
  matpacLoss,
  schedule,
  teacherTargets,
  trainStep,
  type MatpacBatch,
  type MatpacOptions,
  type MatpacScalars,
  type MatpacState,
  type Student,
} from '@audio-ssl/matpac';
import { disposeTree, leaves, mapTree, valueAndGrad, type TensorTree } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import { Differences, type Comparison, type Tolerance } from './comparison.js';
import { optionsOf, readRecordedRun, type RecordedRun } from './recorded-run.js';

/** Bounds on the differences: float32 rounding on `tensorflow`; `wasm` and `cpu` have an erf good to 1.5e-7 only. */
export interface Bounds {
  readonly perStep: number;
  readonly tokens: number;
  readonly gradients: number;
  readonly parameters: number;
}

/** The bounds of a backend. */
export function boundsFor(backend: string): Bounds {
  return backend === 'tensorflow'
    ? { perStep: 2e-6, tokens: 1e-5, gradients: 2e-5, parameters: 1e-5 }
    : { perStep: 1e-5, tokens: 1e-5, gradients: 1e-4, parameters: 2e-5 };
}

// A schedule is the same formula in the same double precision; the last two bits depend on the order of operations.
const EXACT = { kind: 'relative', bound: 2 ** -51 } as const;

/** Replays a recorded training run, eagerly or with the compiled step, and compares every recorded number. */
export async function replay(
  folder: string,
  backend: string,
  { compiled = false }: { readonly compiled?: boolean } = {},
): Promise<Comparison[]> {
  const recorded = await readRecordedRun(folder);
  const options = optionsOf(recorded);
  const bounds = boundsFor(backend);
  const differences = new Differences();
  const curves = schedule(options, recorded.run.config.max_update);
  const eager = trainStep(options);
  const step = compiled ? compile(eager, { donate: [0] }) : eager;
  let state = recordedState(recorded, options);
  let center = tf.clone(state.center!); // the centre that the last step used: what the authors' checkpoint holds

  for (let i = 0; i < recorded.run.steps; i++) {
    const log = recorded.run.log[i]!;
    const scalars = curves.at(i);
    const exact = (name: string, actual: number, key: string): void =>
      differences.compare(`schedule ${name}`, [actual], [log[key]!], EXACT);
    exact('learning rate', curves.learningRate(i), 'lr');
    exact('encoder decay', curves.encoderDecay(i), 'ema_decay_encoder');
    exact('head decay', curves.headDecay(i), 'ema_decay_head');
    exact('teacher temperature', curves.teacherTemperature(i), 'teacher_temp');
    if (log['mcl_temp'] !== undefined) exact('hypothesis temperature', curves.hypothesisTemperature(i), 'mcl_temp');

    const batch = recordedBatch(recorded, options, i);
    if (i === 0) await compareForward(recorded, options, state, batch, scalars, bounds, differences);
    const centerMean = tf.tidy(() => tf.mean(tf.abs(state.center!)));
    center.dispose();
    center = tf.clone(state.center!);
    const result = step(state, batch, scalars);
    const value = async (name: string): Promise<number> => (await result.metrics[name]!.data())[0]!;
    const perStep = async (name: string, key: string, actual: number): Promise<void> => {
      if (log[key] !== undefined) {
        differences.compare(`every step ${name}`, [actual], [log[key]], { kind: 'relative', bound: bounds.perStep });
      }
    };
    await perStep('loss', 'loss', await value('loss'));
    await perStep('prediction loss', 'loss_pred', await value('loss/prediction'));
    await perStep('classification loss', 'loss_cls', await value('loss/classification'));
    await perStep('gradient norm', 'grad_norm', await value('gradient/norm'));
    await perStep('pseudo-class perplexity', 'perplexity', await value('classes/perplexity'));
    await perStep('spread of targets', 'var_z_m', await value('teacher/spread'));
    await perStep('distinct pseudo-classes', 'n_diff_target', await value('classes/distinct'));
    await perStep('tokens in agreement', 'correct', Math.round((await value('classes/agreement')) * log['count']!));
    await perStep('mean of the centre', 'center_abs_mean', (await centerMean.data())[0]!);

    tf.dispose([batch, centerMean, result.metrics] as unknown as tf.TensorContainer);
    disposeTree(state);
    state = result.state;
  }

  const parameters = { kind: 'absolute', bound: bounds.parameters } as const;
  const compare = comparisonWith(recorded, differences);
  for (const [name, actual] of await named(state.student))
    compare('final parameters', `final/${name}`, actual, parameters);
  for (const [name, actual] of await namedTeacher(state))
    compare('final teacher', `final_teacher/${name}`, actual, parameters);
  compare('final centre', 'final/center', await center.data(), parameters);
  center.dispose();
  disposeTree(state);
  return differences.list();
}

/** Compares a tensor of ours with the recorded one of a name. */
function comparisonWith(recorded: RecordedRun, differences: Differences) {
  return (quantity: string, name: string, actual: ArrayLike<number>, tolerance: Tolerance): void =>
    differences.compare(quantity, recorded.kept(name, actual), recorded.tensor(name).data, tolerance);
}

async function compareForward(
  recorded: RecordedRun,
  options: MatpacOptions,
  state: MatpacState,
  batch: MatpacBatch,
  scalars: MatpacScalars,
  bounds: Bounds,
  differences: Differences,
): Promise<void> {
  const targets = teacherTargets(state, batch, scalars, options);
  const { value, aux, grads } = valueAndGrad(
    (student: Student) => matpacLoss(student, batch, targets, scalars, options),
    state.student,
  );
  const compare = comparisonWith(recorded, differences);
  const tokens = async (name: string, actual: tf.Tensor, key: string): Promise<void> => {
    if (!recorded.has(`step0/${key}`)) return;
    compare(`step 0 ${name}`, `step0/${key}`, await actual.data(), { kind: 'absolute', bound: bounds.tokens });
  };
  await tokens('visible tokens z_v', aux.encoded, 'z_v');
  await tokens('predictions ẑ_m', aux.predicted, 'z_hat_m');
  await tokens('targets z_m', targets.raw, 'z_m');
  await tokens('prediction loss per token', aux.predictionLoss, 'loss_pred_per_token');
  await tokens('classification loss per token', aux.classificationLoss!, 'loss_cls_per_token');
  const expected = new Set(
    recorded.names.filter((name) => name.startsWith('step0/grad/')).map((name) => name.slice(11)),
  );
  for (const [path, grad] of leaves<tf.Tensor | null>(grads)) {
    const { name, transposed } = authorsName(path);
    if (grad === null) {
      if (expected.has(name)) throw new Error(`${name}: recorded with a gradient, ours has none`);
      continue;
    }
    expected.delete(name);
    compare('step 0 gradients', `step0/grad/${name}`, await inAuthorsLayout(grad, transposed), {
      kind: 'relative L2',
      bound: bounds.gradients,
    });
  }
  if (expected.size > 0) throw new Error(`recorded gradients without ours: ${[...expected].join(', ')}`);
  tf.dispose([targets, value, aux, grads] as unknown as tf.TensorContainer);
}

function recordedBatch({ run, tensor }: RecordedRun, { model }: MatpacOptions, step: number): MatpacBatch {
  const source = tensor(`step${step}/source`);
  const ids = tensor(`step${step}/ids_shuffle`);
  const [batch, count] = ids.shape as [number, number];
  const mask = maskFromPermutation(ids.data, { batch, visible: countVisible(count, run.mask_ratio) });
  return makeBatch(source.data as Float32Array, mask, model, { frames: source.shape[2]! });
}

function recordedState(recorded: RecordedRun, options: MatpacOptions): MatpacState {
  const fresh = initMatpac(options, 0);
  const load = (name: string, leaf: tf.Tensor, transposed: boolean): tf.Tensor => {
    const { data, shape } = recorded.tensor(name);
    if (data.length !== leaf.size) throw new Error(`${name}: recorded as [${shape}], ours is [${leaf.shape}]`);
    if (!transposed) return tf.tensor(data, leaf.shape);
    const [rows, columns] = leaf.shape as [number, number];
    return tf.tidy(() => tf.transpose(tf.tensor2d(data, [columns, rows])));
  };
  const student = mapTree(fresh.student, (leaf, path) => {
    const { name, transposed } = authorsName(path);
    return load(`init/${name}`, leaf, transposed);
  });
  const teacher = mapTree(fresh.teacher, (leaf, path) => {
    const { name, transposed } = teacherName(path);
    return load(`init_teacher/${name}`, leaf, transposed);
  });
  disposeTree(fresh.student);
  disposeTree(fresh.teacher);
  return { ...fresh, student, teacher };
}

function teacherName(path: string): { name: string; transposed: boolean } {
  const { name, transposed } = authorsName(path);
  return {
    name: name.replace(/^student_encoder\./, 'encoder.').replace(/^cls_student_head\./, 'cls_head.'),
    transposed,
  };
}

async function named(student: TensorTree): Promise<[string, ArrayLike<number>][]> {
  return Promise.all(
    leaves(student).map(async ([path, leaf]): Promise<[string, ArrayLike<number>]> => {
      const { name, transposed } = authorsName(path);
      return [name, await inAuthorsLayout(leaf, transposed)];
    }),
  );
}

async function namedTeacher({ teacher }: MatpacState): Promise<[string, ArrayLike<number>][]> {
  return Promise.all(
    leaves(teacher).map(async ([path, leaf]): Promise<[string, ArrayLike<number>]> => {
      const { name, transposed } = teacherName(path);
      return [name, await inAuthorsLayout(leaf, transposed)];
    }),
  );
}

async function inAuthorsLayout(leaf: tf.Tensor, transposed: boolean): Promise<ArrayLike<number>> {
  const view = tf.tidy(() => (transposed ? tf.transpose(leaf) : tf.clone(leaf)));
  const values = await view.data();
  view.dispose();
  return values;
}
