import { logMelPresets } from '@audio-ssl/audio-frontend';
import { layoutNames, type LayoutName } from '@audio-ssl/datasets';
import { poolings, type Pooling } from '@audio-ssl/evaluation';
import { checkOptions, sizes, variants, type MatpacOptions } from '@audio-ssl/matpac';
import { z } from 'zod';
import { maskingSchema } from './masking-schema.js';

const keysOf = <Key extends string>(table: Readonly<Record<Key, unknown>>): [Key, ...Key[]] =>
  Object.keys(table) as [Key, ...Key[]];

/** Seconds of `data.segment` where it is not given. */
export const DEFAULT_SEGMENT = 60;

const count = z.int().min(1);
const share = z.number().min(0).max(1);
const above0 = z.number().gt(0);
const referenceSteps = (what: string) =>
  count
    .nullable()
    .describe(`length of the run ${what} is meant for: it is rescaled to this run’s. null takes it as it is`);
const decay = (what: string) =>
  z.strictObject({
    from: share.describe(`${what}, at the first step`),
    to: share.describe(`${what}, at the last`),
    referenceSteps: referenceSteps('the decay'),
  });
const transformer = z.strictObject({
  embedDim: z.int().min(4).max(4096).describe('width of a token; a multiple of 4 and of numHeads'),
  depth: z.int().min(1).max(64).describe('number of blocks'),
  numHeads: z.int().min(1).max(64).describe('attention heads'),
  mlpRatio: above0.default(4).describe('width of the hidden layer, in units of embedDim'),
});

/**
 * The one schema of a pretraining run: every key, its type and its range. `loadConfig` lays the defaults of the preset and
 * of the variant under what the user gives.
 *
 * @example
 * const { success } = configSchema.safeParse(value);
 */
export const configSchema = z
  .strictObject({
    preset: z.enum(keysOf(sizes)).describe('sizes of the networks and the defaults that go with them'),
    variant: z.enum(keysOf(variants)).describe('the recipe'),
    seed: z
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .default(0)
      .describe('of every draw: weights, batches, crops, masks'),
    steps: count
      .max(10_000_000)
      .describe('optimiser updates of the run; its warm-ups, and decays with referenceSteps, stretch to it'),
    minutes: above0
      .max(100_000)
      .nullable()
      .default(null)
      .describe('a time budget instead of `steps`: a few updates are timed first and `steps` is set to what fits'),
    batchSize: z.int().min(1).max(65_536).describe('clips per update'),
    checkpointEvery: count.default(100).describe('updates between two checkpoints'),
    precision: z
      .enum(['float32', 'bf16'])
      .default('float32')
      .describe(
        'type of matrix products on the native backend (the fused attention stays in float32); bf16 is faster with AMX or on a GPU; elsewhere it depends on processor and size',
      ),
    memory: z
      .strictObject({
        remat: z.boolean().default(false).describe('compute each block a second time instead of keeping what it made'),
        accumulation: z
          .int()
          .min(1)
          .max(65_536)
          .default(1)
          .describe('parts in which a batch is computed; a divisor of batchSize'),
      })
      .prefault({}),
    data: z.strictObject({
      dataset: z
        .enum(layoutNames as [LayoutName, ...LayoutName[]])
        .default('folder')
        .describe('layout of the data folder; labels are never used in pretraining'),
      frontEnd: z.enum(keysOf(logMelPresets)).default('matpac').describe('how log-mels are computed'),
      cropFrames: z.int().min(16).max(100_000).describe('frames of 10 ms in a training crop; a multiple of the patch'),
      mean: z.union([z.number(), z.literal('dataset')]).describe('subtracted from the log-mels; `dataset` measures it'),
      std: z.union([above0, z.literal('dataset')]).describe('the log-mels are divided by it; `dataset` measures it'),
      shortClips: z.enum(['pad', 'drop']).default('pad').describe('what becomes of clips shorter than a crop'),
      maxSilence: share
        .default(0.5)
        .describe('largest share of digital silence in a crop, where the clip has one that loud; 1 crops anywhere'),
      mixing: z
        .number()
        .min(0)
        .lt(1)
        .default(0)
        .describe(
          'largest share of the power of another crop that is mixed into a crop; 0 mixes none, BYOL-A takes 0.4',
        ),
      timeOffset: z
        .int()
        .min(0)
        .max(10_000)
        .default(0)
        .describe(
          'the positions of a batch start at a time patch drawn from 0 to this: teaches short crops the positions of longer clips',
        ),
      segment: z
        .number()
        .min(1)
        .max(86_400)
        .nullable()
        .default(DEFAULT_SEGMENT)
        .describe(
          'seconds: longer recordings are cut into pieces of that length, two crops at least, each a clip, so that they count by their length; null takes every file as one clip',
        ),
      channel: z
        .union([z.literal('mean'), z.int().min(0).max(255)])
        .default('mean')
        .describe('the mean of all channels, or one of them, counted from 0'),
      damaged: z
        .enum(['refuse', 'keep'])
        .default('refuse')
        .describe('truncated and damaged files: skip and list them, or take what can be read'),
      ffmpeg: z
        .boolean()
        .default(true)
        .describe('let a system ffmpeg, where there is one, read the formats that nothing else here reads'),
      workers: z.int().min(1).max(256).default(2).describe('threads that compute log-mels'),
    }),
    masking: maskingSchema.prefault({}),
    model: z.strictObject({
      bins: z.literal(80).describe('mel bands of the front end'),
      patch: z.tuple([z.int().min(1).max(80), z.int().min(1).max(1024)]).describe('[mel bins, frames] of a patch'),
      encoder: transformer,
      predictor: transformer,
      head: z.strictObject({
        hiddenDim: count.max(65_536).describe('width of the two hidden layers'),
        bottleneckDim: count.max(65_536).describe('width before the last layer'),
        pseudoClasses: z.int().min(2).max(1_000_000).describe('number of pseudo-classes'),
        depth: z.int().min(1).max(16).default(3).describe('layers before the last one'),
      }),
    }),
    prediction: z.strictObject({
      loss: z.enum(['cosine', 'mse', 'smoothL1']).describe('distance between predicted and teacher latents'),
      standardizeTargets: z.boolean().describe('standardise each target over its channels first, as M2D does'),
      targetLayers: z
        .union([z.int().min(1).max(64), z.literal('all')])
        .default(1)
        .describe('how many of the teacher’s last blocks make the target; their mean, standardised, where not 1'),
      weight: z.number().min(0).describe('weight of the loss; 0 leaves it out'),
      hypotheses: z
        .strictObject({
          count: z.int().min(2).max(64).describe('predictions a patch'),
          temperature: above0.describe('of the weights over hypotheses, at the first step'),
          rate: z.number().gt(0).max(1).describe('factor of the temperature at every step'),
          referenceSteps: referenceSteps('the rate'),
          hardBelow: above0.describe('below this temperature only the nearest hypothesis counts'),
        })
        .nullable()
        .describe('several predictions a patch (MATPAC++), or null for one'),
    }),
    classification: z.strictObject({
      weight: z.number().min(0).describe('weight of the loss; 0 leaves it out'),
      observe: z.boolean().describe('keep heads and statistics at weight 0'),
      studentTemperature: above0.describe('of the student’s pseudo-class distribution'),
      teacherTemperature: z.strictObject({
        from: above0.describe('at the first step'),
        to: above0.describe('after the warm-up'),
        warmup: share.describe('length of the warm-up, as a share of the run'),
      }),
      centering: z
        .enum(['probabilities', 'logits', 'sinkhorn', 'none'])
        .describe('what keeps the teacher’s distribution from collapsing'),
      centerMomentum: share.describe('share of the centre that survives a step'),
      centerUpdate: z.enum(['next', 'now']).describe('whether a step uses the centre of the steps before or its own'),
    }),
    teacher: z.strictObject({
      start: z.enum(['independent', 'student']).describe('own random draw, or a copy of the student'),
      input: z.enum(['masked', 'all']).describe('patches the teacher sees'),
      update: z.enum(['before', 'after']).describe('whether the average is taken before or after the optimiser’s step'),
      encoderDecay: decay('share of the encoder that survives a step'),
      headDecay: decay('share of the class head that survives a step'),
    }),
    optimizer: z.strictObject({
      learningRate: z.number().min(0).max(10).describe('highest learning rate'),
      warmup: share.describe('share of the run in which it rises from 0; then it falls along half a cosine'),
      beta1: z.number().min(0).lt(1).describe('decay of AdamW’s first moment'),
      beta2: z.number().min(0).lt(1).describe('decay of its second moment'),
      epsilon: above0.describe('added to the root of the second moment'),
      epsilonPlacement: z
        .enum(['uncorrected', 'corrected'])
        .describe('before the bias correction (fairseq) or after it (PyTorch)'),
      weightDecay: z.number().min(0).describe('decoupled weight decay, times the learning rate'),
      decay: z.enum(['all', 'matrices']).describe('parameters that decay'),
      clipNorm: above0.describe('gradients with a larger norm are scaled down to it'),
    }),
    monitor: z
      .strictObject({
        every: z
          .int()
          .min(0)
          .max(10_000_000)
          .default(500)
          .describe(
            'updates between two measurements of the features of some clips: rank, uniformity, nearest neighbours; 0 for none',
          ),
        clips: z.int().min(8).max(100_000).default(256).describe('clips that are measured'),
      })
      .prefault({}),
    logs: z
      .strictObject({
        tensorboard: z
          .boolean()
          .default(false)
          .describe('write event files for TensorBoard, too, into `tensorboard` in the folder of the run'),
      })
      .prefault({}),
    probe: z
      .strictObject({
        pool: z
          .array(z.enum(poolings))
          .min(1)
          .default(['mean'])
          .describe('how frame features become one vector a clip'),
        folds: z.int().min(2).max(100).default(5).describe('number of folds where the data set has none of its own'),
      })
      .prefault({}),
  })
  .check(({ value, issues }) => {
    const { data, batchSize, masking } = value;
    for (const { path, message } of checkOptions(matpacOptions(value), {
      frames: data.cropFrames,
      batchSize,
      masking,
    })) {
      const key = path[0] === 'frames' ? ['data', 'cropFrames'] : [...path];
      issues.push({ code: 'custom', path: key, message, input: value });
    }
  });

/** A complete configuration of a pretraining run. */
export type Config = z.infer<typeof configSchema>;

/** How the frames of a clip become one vector. */
export type ProbePooling = Pooling;

/**
 * The recipe inside a configuration.
 *
 * @example
 * const state = initMatpac(matpacOptions(config), config.seed);
 */
export function matpacOptions({
  model,
  prediction,
  classification,
  teacher,
  optimizer,
  memory,
}: Pick<Config, keyof MatpacOptions>): MatpacOptions {
  return { model, prediction, classification, teacher, optimizer, memory };
}
