import type {
  ClassificationOptions,
  HypothesesOptions,
  MatpacOptions,
  OptimizerOptions,
  PredictionOptions,
  TeacherOptions,
} from './options.js';

/** A recipe without its sizes. */
export type Variant = Omit<MatpacOptions, 'model'>;

/** Updates of the authors' run: 300 epochs of 2 012 615 clips in batches of 2048. */
export const REFERENCE_STEPS = 294_816;

const prediction: PredictionOptions = {
  loss: 'cosine',
  standardizeTargets: false,
  targetLayers: 1,
  weight: 0.5,
  hypotheses: null,
};

const hypotheses: HypothesesOptions = {
  count: 5,
  temperature: 0.1,
  rate: 0.99997,
  referenceSteps: REFERENCE_STEPS,
  hardBelow: 1e-4,
};

const classification: ClassificationOptions = {
  weight: 0.5,
  observe: false,
  studentTemperature: 0.1,
  teacherTemperature: { from: 0.04, to: 0.07, warmup: 10 / 300 },
  centering: 'probabilities',
  centerMomentum: 0.9,
  centerUpdate: 'next',
};

const teacher: TeacherOptions = {
  start: 'independent',
  input: 'masked',
  update: 'before',
  encoderDecay: { from: 0.99995, to: 0.99999, referenceSteps: REFERENCE_STEPS },
  headDecay: { from: 0.998, to: 1, referenceSteps: REFERENCE_STEPS },
};

const optimizer: OptimizerOptions = {
  learningRate: 3e-4,
  warmup: 20 / 300,
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-6,
  epsilonPlacement: 'uncorrected',
  weightDecay: 0.05,
  decay: 'all',
  clipNorm: 3,
};

const matpac: Variant = { prediction, classification, teacher, optimizer };

/**
 * The recipe and its relatives, each as data:
 *
 * - `matpac`: the authors' configuration of the paper's best model (arXiv 2502.12031; their `matpac.yaml`).
 * - `matpacPlusPlus`: five hypotheses per masked token, weighted by an annealed softmax (arXiv 2508.12709).
 * - `predictionOnly`: without classification, as in the paper's Table I; `classificationOnly`: the other term alone, a control.
 * - `m2d`: Masked Modeling Duo (arXiv 2210.14648): no classification, standardised targets, the average after the step,
 *   decay of matrices only, PyTorch's AdamW. Its learning rate is 2.4e-3 at a batch of 2048.
 */
export const variants = {
  matpac,
  matpacPlusPlus: {
    ...matpac,
    prediction: { ...prediction, hypotheses },
  },
  predictionOnly: { ...matpac, classification: { ...classification, weight: 0 } },
  classificationOnly: { ...matpac, prediction: { ...prediction, weight: 0 } },
  m2d: {
    prediction: { ...prediction, standardizeTargets: true, weight: 1 },
    classification: { ...classification, weight: 0 },
    teacher: { ...teacher, update: 'after' },
    optimizer: { ...optimizer, learningRate: 2.4e-3, epsilon: 1e-8, epsilonPlacement: 'corrected', decay: 'matrices' },
  },
} as const satisfies Record<string, Variant>;

/** Name of a variant. */
export type VariantName = keyof typeof variants;

/**
 * Where each of the {@link variants} comes from.
 *
 * @example
 * console.log(variantSources.m2d); // Masked Modeling Duo (arXiv 2210.14648), section 3, and its code
 */
export const variantSources: Readonly<Record<VariantName, string>> = {
  matpac: "MATPAC (arXiv 2502.12031), section 2, and the authors' matpac.yaml",
  matpacPlusPlus: 'MATPAC++ (arXiv 2508.12709), eq. 1',
  predictionOnly: 'MATPAC (arXiv 2502.12031), Table I, row without classification',
  classificationOnly: 'MATPAC (arXiv 2502.12031), eq. 1 with its other term alone: a control',
  m2d: 'Masked Modeling Duo (arXiv 2210.14648), section 3, and its code',
};
