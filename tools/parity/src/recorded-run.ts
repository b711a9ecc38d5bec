import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSafetensors, type SafetensorsEntry } from '@audio-ssl/tensor-files';
import { variants, type MatpacOptions } from '@audio-ssl/matpac';

/** `run.json` of a recorded training run. */
export interface RunJson {
  readonly config: {
    readonly embed: number;
    readonly depth: number;
    readonly heads: number;
    readonly dec: number;
    readonly dec_depth: number;
    readonly dec_heads: number;
    readonly n_t: number;
    readonly head_out: number;
    readonly head_hidden: number;
    readonly max_update: number;
    readonly warmup: number;
    readonly mcl?: boolean;
    readonly mcl_t?: number;
  };
  readonly optimizer: {
    readonly lr: number;
    readonly betas: readonly [number, number];
    readonly eps: number;
    readonly weight_decay: number;
    readonly warmup: number;
    readonly max_update: number;
    readonly clip: number;
  };
  readonly batch_size: number;
  readonly steps: number;
  readonly alpha: number;
  readonly loss_weights: { readonly loss_cls: number; readonly loss_pred: number };
  readonly mask_ratio: number;
  readonly mcl_decay_rate: number;
  readonly mcl_temperature_end: number;
  readonly ema_decay: readonly [number, number];
  readonly head_ema_decay: readonly [number, number];
  readonly student_temp: number;
  readonly teacher_temp: readonly [number, number];
  readonly center_momentum: number;
  readonly log: readonly Readonly<Record<string, number>>[];
}

/** A recorded run: its settings and log, and its tensors by name. */
export interface RecordedRun {
  readonly run: RunJson;
  readonly tensor: (name: string) => SafetensorsEntry;
  readonly has: (name: string) => boolean;
  readonly names: readonly string[];
  /** The values of a tensor of ours that the recording of this name holds: all, or those that {@link cutRun} kept. */
  readonly kept: (name: string, values: ArrayLike<number>) => ArrayLike<number>;
}

/** The folders of the recorded runs that come with the project. */
export async function recordedRuns(): Promise<readonly string[]> {
  const folder = join(dirname(fileURLToPath(import.meta.url)), '../recorded');
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
}

/** Reads the folder of a recorded training run. */
export async function readRecordedRun(folder: string): Promise<RecordedRun> {
  const run = JSON.parse(await readFile(join(folder, 'run.json'), 'utf8')) as RunJson;
  const path = join(folder, 'tensors.safetensors');
  const { tensors, metadata } = readSafetensors(await readFile(path), path);
  const stride = Number(metadata['stride'] ?? 1);
  const tensor = (name: string): SafetensorsEntry => {
    const found = tensors.get(name);
    if (!found) throw new Error(`${path}: no tensor '${name}'; is the folder in the format of the reference runs?`);
    return found;
  };
  const kept = (name: string, values: ArrayLike<number>): ArrayLike<number> =>
    isSampled(name, values.length, stride) ? everyNth(values, stride) : values;
  return { run, tensor, has: (name) => tensors.has(name), names: [...tensors.keys()], kept };
}

/** Values of a tensor that are kept whole by {@link cutRun}. */
const WHOLE = 1024;

/** Whether a cut recording holds only a sample of a tensor: of a large one that is compared, and not one that goes in. */
export function isSampled(name: string, count: number, stride: number): boolean {
  const goesIn = /^init(_teacher)?\/|\/(source|ids_shuffle)$/.test(name);
  return stride > 1 && !goesIn && count > WHOLE;
}

/** Every nth value, the first one first. */
export function everyNth<Values extends ArrayLike<number>>(values: Values, n: number): Float32Array {
  return Float32Array.from({ length: Math.ceil(values.length / n) }, (_, i) => values[i * n]!);
}

/** The options that make the recorded run. */
export function optionsOf({ run, tensor, names }: RecordedRun): MatpacOptions {
  const { config, optimizer: adam } = run;
  const [, bins] = tensor('step0/source').shape as [number, number];
  const { prediction, classification, teacher, optimizer } = variants.matpac;
  return {
    model: {
      bins,
      patch: [16, 16],
      encoder: { embedDim: config.embed, depth: config.depth, numHeads: config.heads },
      predictor: { embedDim: config.dec, depth: config.dec_depth, numHeads: config.dec_heads },
      head: {
        hiddenDim: config.head_hidden,
        bottleneckDim: tensor('init/cls_student_head.last_layer.weight_v').shape[1]!,
        pseudoClasses: config.head_out,
      },
    },
    prediction: {
      ...prediction,
      weight: run.alpha === 0 ? 0 : run.loss_weights.loss_pred,
      hypotheses: config.mcl
        ? {
            count: names.filter((name) => /^init\/mcl_heads\..*weight$/.test(name)).length,
            temperature: config.mcl_t!,
            rate: run.mcl_decay_rate,
            referenceSteps: null,
            hardBelow: run.mcl_temperature_end,
          }
        : null,
    },
    classification: {
      ...classification,
      weight: run.alpha === 1 ? 0 : run.loss_weights.loss_cls,
      observe: true,
      studentTemperature: run.student_temp,
      teacherTemperature: {
        from: run.teacher_temp[0],
        to: run.teacher_temp[1],
        warmup: config.warmup / config.max_update,
      },
      centerMomentum: run.center_momentum,
    },
    teacher: {
      ...teacher,
      encoderDecay: { from: run.ema_decay[0], to: run.ema_decay[1], referenceSteps: null },
      headDecay: { from: run.head_ema_decay[0], to: run.head_ema_decay[1], referenceSteps: null },
    },
    optimizer: {
      ...optimizer,
      learningRate: adam.lr,
      warmup: adam.warmup / adam.max_update,
      beta1: adam.betas[0],
      beta2: adam.betas[1],
      epsilon: adam.eps,
      weightDecay: adam.weight_decay,
      clipNorm: adam.clip,
    },
  };
}
