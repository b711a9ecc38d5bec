import { type MatpacOptions, sizes, type Size, variants, type VariantName } from '@audio-ssl/matpac';
import { z } from 'zod';

const count = z.int().min(1);
const share = z.number().min(0).max(1);
const above0 = z.number().gt(0);
const range = (value: z.ZodNumber) => z.strictObject({ from: value, to: value });
const transformer = z.strictObject({
  embedDim: z.int().min(4).max(4096),
  depth: z.int().min(1).max(64),
  numHeads: z.int().min(1).max(64),
  mlpRatio: above0.default(4),
});
const poolings = ['mean', 'mean+std+max'] as const;

/**
 * The one schema of a pretraining run: every key, its type and its range. {@link loadConfig} lays the defaults of the
 * preset and of the variant under what the user gives.
 */
export const configSchema = z
  .strictObject({
    preset: z
      .enum(Object.keys(sizes) as [Size, ...Size[]])
      .meta({ description: 'sizes of the networks and the defaults that go with them' }),
    variant: z.enum(Object.keys(variants) as [VariantName, ...VariantName[]]).meta({ description: 'the recipe' }),
    seed: z
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .default(0)
      .meta({ description: 'of every draw: weights, batches, crops, masks' }),
    steps: count.max(10_000_000).meta({ description: 'optimiser updates of the run; the schedules stretch to it' }),
    minutes: above0.max(100_000).nullable().default(null).meta({
      description: 'a time budget instead of `steps`: a few updates are timed first and `steps` is set to what fits',
    }),
    batchSize: z.int().min(1).max(65_536).meta({ description: 'clips per update' }),
    checkpointEvery: count.default(100).meta({ description: 'updates between two checkpoints' }),
    data: z.strictObject({
      dataset: z
        .enum(['folder', 'esc50', 'nsynth'])
        .default('folder')
        .meta({ description: 'layout of the data folder; labels are never used in pretraining' }),
      frontEnd: z.enum(['matpac', 'm2d']).default('matpac').meta({ description: 'how log-mels are computed' }),
      cropFrames: z
        .int()
        .min(16)
        .max(100_000)
        .meta({ description: 'frames of 10 ms in a training crop; a multiple of the patch' }),
      mean: z
        .union([z.number(), z.literal('dataset')])
        .meta({ description: 'subtracted from the log-mels; `dataset` measures it' }),
      std: z
        .union([above0, z.literal('dataset')])
        .meta({ description: 'the log-mels are divided by it; `dataset` measures it' }),
      shortClips: z
        .enum(['pad', 'drop'])
        .default('pad')
        .meta({ description: 'what becomes of clips shorter than a crop' }),
      maxSilence: share.default(0.5).meta({
        description: 'largest share of digital silence in a crop, where the clip has one that loud; 1 crops anywhere',
      }),
      timeOffset: z.int().min(0).max(10_000).default(0).meta({
        description:
          'the positions of a batch start at a time patch drawn from 0 to this: teaches short crops the positions of longer clips',
      }),
      workers: z.int().min(1).max(256).default(2).meta({ description: 'threads that compute log-mels' }),
    }),
    masking: z
      .strictObject({
        strategy: z
          .enum(['random', 'block', 'inverseBlock', 'time', 'frequency', 'multiBlock'])
          .default('random')
          .meta({ description: 'which patches are hidden together' }),
        ratio: z.number().gt(0).lt(1).default(0.7).meta({ description: 'share of the patches that is hidden' }),
      })
      .prefault({}),
    model: z.strictObject({
      bins: z.literal(80),
      patch: z
        .tuple([z.int().min(1).max(80), z.int().min(1).max(1024)])
        .meta({ description: '[mel bins, frames] of a patch' }),
      encoder: transformer,
      predictor: transformer,
      head: z.strictObject({
        hiddenDim: count.max(65_536),
        bottleneckDim: count.max(65_536),
        pseudoClasses: z.int().min(2).max(1_000_000),
      }),
    }),
    prediction: z.strictObject({
      loss: z.enum(['cosine', 'mse', 'smoothL1']),
      standardizeTargets: z.boolean(),
      weight: z.number().min(0),
      hypotheses: z
        .strictObject({
          count: z.int().min(2).max(64),
          temperature: above0,
          rate: z.number().gt(0).max(1),
          hardBelow: z.number().min(0),
        })
        .nullable(),
    }),
    classification: z.strictObject({
      weight: z.number().min(0),
      observe: z.boolean(),
      studentTemperature: above0,
      teacherTemperature: z.strictObject({ from: above0, to: above0, warmup: share }),
      centering: z.enum(['probabilities', 'logits', 'sinkhorn', 'none']),
      centerMomentum: share,
      centerUpdate: z.enum(['next', 'now']),
    }),
    teacher: z.strictObject({
      start: z.enum(['independent', 'student']),
      input: z.enum(['masked', 'all']),
      update: z.enum(['before', 'after']),
      encoderDecay: range(share),
      headDecay: range(share),
      referenceSteps: count.nullable(),
    }),
    optimizer: z.strictObject({
      learningRate: z.number().min(0).max(10),
      warmup: share,
      beta1: z.number().min(0).lt(1),
      beta2: z.number().min(0).lt(1),
      epsilon: above0,
      epsilonPlacement: z.enum(['uncorrected', 'corrected']),
      weightDecay: z.number().min(0),
      decay: z.enum(['all', 'matrices']),
      clipNorm: above0,
    }),
    probe: z
      .strictObject({
        pool: z
          .array(z.enum(poolings))
          .min(1)
          .default(['mean'])
          .meta({ description: 'how frame features become one vector a clip' }),
        folds: z
          .int()
          .min(2)
          .max(100)
          .default(5)
          .meta({ description: 'number of folds where the data set has none of its own' }),
      })
      .prefault({}),
  })
  .check(({ value, issues }) => {
    const refuse = (path: string[], message: string): void =>
      void issues.push({ code: 'custom', path, message, input: value });
    const { data, model } = value;
    if (data.cropFrames % model.patch[1] !== 0)
      refuse(
        ['data', 'cropFrames'],
        `expected a multiple of the patch's ${model.patch[1]} frames, got ${data.cropFrames}`,
      );
    if (model.bins % model.patch[0] !== 0)
      refuse(['model', 'patch'], `expected a height that divides ${model.bins} mel bins, got ${model.patch[0]}`);
    for (const part of ['encoder', 'predictor'] as const) {
      const { embedDim, numHeads } = model[part];
      if (embedDim % numHeads !== 0)
        refuse(['model', part, 'numHeads'], `expected a divisor of embedDim ${embedDim}, got ${numHeads}`);
      if (embedDim % 4 !== 0) refuse(['model', part, 'embedDim'], `expected a multiple of 4, got ${embedDim}`);
    }
    if (value.prediction.weight === 0 && value.classification.weight === 0) {
      refuse(['prediction', 'weight'], 'expected a weight above 0 here or in classification.weight, got 0 in both');
    }
  });

/** A complete configuration of a pretraining run. */
export type Config = z.infer<typeof configSchema>;

/** How the frames of a clip become one vector. */
export type ProbePooling = (typeof poolings)[number];

/** The recipe inside a configuration. */
export function matpacOptions({ model, prediction, classification, teacher, optimizer }: Config): MatpacOptions {
  return { model, prediction, classification, teacher, optimizer };
}
