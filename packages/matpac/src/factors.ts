import { maskStrategies, type MaskOptions } from '@audio-ssl/masking';
import type { DecayRange, MatpacOptions } from './options.js';
import { REFERENCE_STEPS, variants } from './variants.js';

type Part<T> = T extends readonly unknown[] | string | number | boolean | null
  ? T
  : { readonly [K in keyof T]?: Part<T[K]> };

/** Any part of a recipe, its sizes and its masking: the values that it names replace those of the options under it. */
export type Setting = Part<MatpacOptions & { readonly masking: MaskOptions }>;

/** One choice that a recipe makes, with its alternatives. */
export interface Factor {
  /** The question that it answers, in a few words. */
  readonly title: string;
  /** Where the choice and its levels come from. */
  readonly source: string;
  /** Name of MATPAC's level (of MATPAC++'s, for how its hypotheses cool). */
  readonly reference: string;
  /** Every level by name. */
  readonly levels: Readonly<Record<string, Setting>>;
}

const { hypotheses } = variants.matpacPlusPlus.prediction;

/** A decay of the authors' run. */
const decay = (from: number, to: number): DecayRange => ({ from, to, referenceSteps: REFERENCE_STEPS });

/** 32 channels a head, as in the paper's predictor of 512 channels. */
const predictorWidth = (embedDim: number): Setting => ({ model: { predictor: { embedDim, numHeads: embedDim / 32 } } });

const strategies = (Object.keys(maskStrategies) as (keyof typeof maskStrategies)[]).map((name) => ({
  ...maskStrategies[name],
  name,
}));

/** A level that sets one number, named after it. */
const numbers = (values: readonly number[], setting: (value: number) => Setting): Record<string, Setting> =>
  Object.fromEntries(values.map((value) => [String(value), setting(value)]));

/**
 * The factors of MATPAC and its relatives as data: what an ablation varies. A level holds only what it changes, so it can be
 * laid over any variant and any sizes with {@link withSettings}.
 *
 * Decays are those of the authors' run of 294 816 updates and are rescaled to this one's (`referenceSteps`).
 */
export const factors = {
  lossWeights: {
    title: 'which of the two terms is trained',
    source: 'MATPAC (arXiv 2502.12031), eq. 1; prediction only: Table I; classification only: a control',
    reference: 'both',
    levels: {
      both: { prediction: { weight: 0.5 }, classification: { weight: 0.5 } },
      'prediction only': { prediction: { weight: 0.5 }, classification: { weight: 0 } },
      'classification only': { prediction: { weight: 0 }, classification: { weight: 0.5 } },
    },
  },
  maskRatio: {
    title: 'share of the patches that is masked',
    source: 'MATPAC: 0.7; M2D (arXiv 2210.14648): 0.6 and 0.7 released; MAE (arXiv 2111.06377), figure 5: 0.1 to 0.9',
    reference: '0.7',
    levels: numbers([0.5, 0.6, 0.7, 0.8, 0.9], (ratio) => ({ masking: { ratio } })),
  },
  maskStrategy: {
    title: 'which patches are masked together',
    source: strategies.map(({ title, source }) => `${title}: ${source}`).join('; '),
    reference: maskStrategies.random.title,
    levels: Object.fromEntries(
      strategies.map(({ name, title }): [string, Setting] => [title, { masking: { strategy: name } }]),
    ),
  },
  temperatureWarmup: {
    title: "warm-up of the teacher's temperature",
    source: 'MATPAC, Table I: 10 and 20 of 300 epochs',
    reference: '10 epochs',
    levels: {
      '10 epochs': { classification: { teacherTemperature: { warmup: 10 / 300 } } },
      '20 epochs': { classification: { teacherTemperature: { warmup: 20 / 300 } } },
    },
  },
  centering: {
    title: "what keeps the teacher's distribution from collapsing",
    source:
      "probabilities: the authors' code; logits: DINO (arXiv 2104.14294), eq. 4; Sinkhorn: SwAV (arXiv 2006.09882), section 3.1, and DINOv2 (arXiv 2304.07193), section 4; none: DINO, section 5.3",
    reference: 'probabilities',
    levels: {
      probabilities: { classification: { centering: 'probabilities' } },
      logits: { classification: { centering: 'logits' } },
      Sinkhorn: { classification: { centering: 'sinkhorn' } },
      none: { classification: { centering: 'none' } },
    },
  },
  centerUpdate: {
    title: 'when a step enters the centre',
    source: "the next step: the authors' code and DINO, algorithm 1; at once: a control",
    reference: 'next step',
    levels: {
      'next step': { classification: { centerUpdate: 'next' } },
      'at once': { classification: { centerUpdate: 'now' } },
    },
  },
  pseudoClasses: {
    title: 'number of pseudo-classes, K',
    source: 'MATPAC: 2048; DINO, appendix C: 1024 to 262 144; 64 and 256: controls',
    reference: '2048',
    levels: numbers([64, 256, 1024, 2048, 4096], (pseudoClasses) => ({ model: { head: { pseudoClasses } } })),
  },
  headDepth: {
    title: 'layers of the projection head',
    source: 'MATPAC and DINO, appendix C: 3; the others: controls',
    reference: '3',
    levels: numbers([1, 2, 3, 4], (depth) => ({ model: { head: { depth } } })),
  },
  headDecay: {
    title: "decay of the head's average",
    source:
      "0.998 to 1: the authors' configuration; 0.996 to 1: DINO, section 3.1; 0.9998 to 1, ten times slower: a control; constant: Mean Teacher (arXiv 1703.01780), section 3",
    reference: '0.998 to 1',
    levels: {
      '0.998 to 1': { teacher: { headDecay: decay(0.998, 1) } },
      '0.996 to 1': { teacher: { headDecay: decay(0.996, 1) } },
      '0.9998 to 1': { teacher: { headDecay: decay(0.9998, 1) } },
      '0.999': { teacher: { headDecay: decay(0.999, 0.999) } },
    },
  },
  encoderDecay: {
    title: "decay of the encoder's average",
    source:
      "0.99995 to 0.99999: the authors' code and M2D; four times faster and slower: controls; to 1: BYOL (arXiv 2006.07733), section 3, and I-JEPA, appendix A.1",
    reference: '0.99995 to 0.99999',
    levels: {
      '0.99995 to 0.99999': { teacher: { encoderDecay: decay(0.99995, 0.99999) } },
      'four times faster': { teacher: { encoderDecay: decay(0.9998, 0.99996) } },
      'four times slower': { teacher: { encoderDecay: decay(0.9999875, 0.9999975) } },
      '0.99995 to 1': { teacher: { encoderDecay: decay(0.99995, 1) } },
    },
  },
  averageOrder: {
    title: 'which student enters the average',
    source: "before the optimiser's step: the authors' code; after it: M2D, DINO (algorithm 1) and BYOL (eq. 1)",
    reference: 'before',
    levels: { before: { teacher: { update: 'before' } }, after: { teacher: { update: 'after' } } },
  },
  teacherStart: {
    title: "the teacher's encoder before the first step",
    source: "a draw of its own: the authors' code, as in M2D; a copy of the student: DINO, algorithm 1",
    reference: 'own draw',
    levels: {
      'own draw': { teacher: { start: 'independent' } },
      'copy of the student': { teacher: { start: 'student' } },
    },
  },
  teacherInput: {
    title: 'what the teacher sees',
    source:
      'the masked patches: M2D (arXiv 2210.14648), section 3, and MATPAC; all patches: data2vec (arXiv 2202.03555) and I-JEPA, section 3 of each',
    reference: 'masked patches',
    levels: {
      'masked patches': { teacher: { input: 'masked' } },
      'all patches': { teacher: { input: 'all' } },
    },
  },
  targetStandardization: {
    title: 'whether targets are standardised',
    source:
      "as they are: the authors' code; over the channels of each token: M2D's code (`norm_pix_loss`), after MAE, section 3",
    reference: 'none',
    levels: {
      none: { prediction: { standardizeTargets: false } },
      'each token': { prediction: { standardizeTargets: true } },
    },
  },
  targetLayers: {
    title: "which of the teacher's blocks make the target",
    source: 'the last: MATPAC; the mean of several, standardised: data2vec, section 3.3',
    reference: 'last',
    levels: {
      last: { prediction: { targetLayers: 1 } },
      'mean of all': { prediction: { targetLayers: 'all' } },
    },
  },
  predictionLoss: {
    title: 'distance between prediction and target',
    source: 'cosine: MATPAC and BYOL, eq. 2; mean square: data2vec 2.0, section 3; smooth L1: data2vec, eq. 3',
    reference: 'cosine',
    levels: {
      cosine: { prediction: { loss: 'cosine' } },
      'mean square': { prediction: { loss: 'mse' } },
      'smooth L1': { prediction: { loss: 'smoothL1' } },
    },
  },
  predictorDepth: {
    title: 'blocks of the predictor',
    source: 'MATPAC and M2D: 8; MAE, Table 1a: 1 to 12',
    reference: '8',
    levels: numbers([1, 2, 4, 8], (depth) => ({ model: { predictor: { depth } } })),
  },
  predictorWidth: {
    title: 'width of the predictor',
    source: 'MATPAC and M2D: 512; MAE, Table 1b: 128 to 1024; 64: a control',
    reference: '512',
    levels: numbers([64, 128, 256, 512], predictorWidth),
  },
  hypotheses: {
    title: 'predictions a patch',
    source: 'MATPAC: 1; MATPAC++ (arXiv 2508.12709), eq. 1: 5; the others: controls',
    reference: '1',
    levels: {
      '1': { prediction: { hypotheses: null } },
      ...numbers([2, 3, 5, 8], (count) => ({ prediction: { hypotheses: { ...hypotheses, count } } })),
    },
  },
  annealing: {
    title: 'how the weights over hypotheses cool',
    source:
      'annealed: MATPAC++ and Annealed Multiple Choice Learning (arXiv 2407.15580), section 3; only the nearest: Multiple Choice Learning (Guzman-Rivera et al. 2012), eq. 5; constant: a control',
    reference: 'annealed',
    levels: {
      annealed: { prediction: { hypotheses } },
      'only the nearest': { prediction: { hypotheses: { ...hypotheses, hardBelow: 1 } } },
      constant: { prediction: { hypotheses: { ...hypotheses, rate: 1 } } },
    },
  },
  decayedParameters: {
    title: 'parameters with weight decay',
    source: "all: the authors' code; matrices: M2D's code and timm",
    reference: 'all',
    levels: { all: { optimizer: { decay: 'all' } }, matrices: { optimizer: { decay: 'matrices' } } },
  },
} as const satisfies Record<string, Factor>;

/** Name of a factor. */
export type FactorName = keyof typeof factors;

/**
 * Lays settings over options, the later over the earlier; both stay as they are.
 *
 * @param options a recipe, complete or in parts.
 * @returns `options` with every value that a setting names replaced. An array, like `patch`, is replaced as a whole.
 * @example
 * const options = withSettings({ model: sizes.tiny, ...variants.matpac }, factors.centering.levels.logits);
 */
export function withSettings<T extends object>(options: T, ...settings: readonly Setting[]): T {
  return settings.reduce<T>((under, setting) => merge(under, setting) as T, options);
}

function merge(under: object, over: object): object {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isGroup(below) && isGroup(value) ? merge(below, value) : value;
  }
  return merged;
}

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
