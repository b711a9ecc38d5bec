import type { AdamWOptions } from '@audio-ssl/optim';
import type { EncoderOptions, Patch } from '@audio-ssl/vit';

/** A value that moves from `from` to `to`. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** The share of an average that survives a step: a line over the run. */
export interface DecayRange extends Range {
  /**
   * Updates of the run that the decay is meant for: it is rescaled to d^(referenceSteps / steps), which forgets as much
   * over a run of another length. `null` leaves it as it is.
   */
  readonly referenceSteps: number | null;
}

/** How many hypotheses the predictor makes and how their weighting cools (MATPAC++, arXiv 2508.12709, eq. 1). */
export interface HypothesesOptions {
  /** Hypotheses per masked token. */
  readonly count: number;
  /** Temperature of the weights softmax(-distance / temperature) at the first step. */
  readonly temperature: number;
  /** Factor of the temperature at every step. */
  readonly rate: number;
  /** Updates of the run that `rate` is meant for; as with {@link DecayRange}. */
  readonly referenceSteps: number | null;
  /** Below this temperature only the least distance counts. */
  readonly hardBelow: number;
}

/** Sizes of the networks. */
export interface ModelOptions {
  /** Mel bins of the spectrogram. */
  readonly bins: number;
  /** [mel bins, frames] of a patch. */
  readonly patch: Patch;
  readonly encoder: EncoderOptions;
  readonly predictor: EncoderOptions;
  /** The head that maps latents to logits over pseudo-classes. */
  readonly head: {
    readonly hiddenDim: number;
    readonly bottleneckDim: number;
    readonly pseudoClasses: number;
    /** Layers of the head's MLP; 3 by default. */
    readonly depth?: number | undefined;
  };
}

/** The prediction of masked latents (MATPAC, section 2.2). */
export interface PredictionOptions {
  /** Distance between prediction and target: 2 - 2cos, the mean square, or smooth L1. */
  readonly loss: 'cosine' | 'mse' | 'smoothL1';
  /** Standardise each target token over its channels first, as M2D does. */
  readonly standardizeTargets: boolean;
  /**
   * How many of the teacher's last blocks make the target: 1 takes the last one's output as it is (the authors); more
   * are standardised token by token and averaged (data2vec, arXiv 2202.03555, section 3.3).
   */
  readonly targetLayers: number | 'all';
  /** Weight of the mean loss; 0 removes the term. */
  readonly weight: number;
  /** Several hypotheses per token instead of one prediction (MATPAC++); cosine distance only. */
  readonly hypotheses: HypothesesOptions | null;
}

/** The matching of the teacher's pseudo-class distribution (MATPAC, section 2.3). */
export interface ClassificationOptions {
  /** Weight of the mean loss; 0 removes the term, and the heads with it unless `observe` is set. */
  readonly weight: number;
  /** Keep heads, centre and statistics at weight 0, as the authors' code does: they are measured and train nothing. */
  readonly observe: boolean;
  /** Temperature of the student's distribution. */
  readonly studentTemperature: number;
  /** Temperature of the teacher's distribution: a line over the first `warmup` of the run. */
  readonly teacherTemperature: Range & { readonly warmup: number };
  /** What keeps the teacher's distribution from collapsing: a centre of its probabilities (the authors) or logits (DINO), Sinkhorn, or nothing. */
  readonly centering: 'probabilities' | 'logits' | 'sinkhorn' | 'none';
  /** Momentum of the centre. */
  readonly centerMomentum: number;
  /** Whether a step uses the centre of the steps before it (`next`, the authors) or one that includes itself (`now`). */
  readonly centerUpdate: 'next' | 'now';
}

/** The momentum teacher (MATPAC, section 2.1). */
export interface TeacherOptions {
  /** How the teacher's encoder starts: with a draw of its own (the authors) or as a copy of the student's. */
  readonly start: 'independent' | 'student';
  /** What the teacher sees: the masked patches and the class token (the authors), or all patches. */
  readonly input: 'masked' | 'all';
  /** Whether the average is taken with the student that made the forward pass (`before` the optimiser's step, the authors; skipped at step 0) or with the updated one. */
  readonly update: 'before' | 'after';
  /** Decay of the encoder's average. */
  readonly encoderDecay: DecayRange;
  /** Decay of the head's average. */
  readonly headDecay: DecayRange;
}

/** AdamW, clipping and the learning rate's curve. */
export interface OptimizerOptions extends Required<Omit<AdamWOptions, 'decay'>> {
  /** Highest learning rate. */
  readonly learningRate: number;
  /** Fraction of the run over which the learning rate rises from 0. */
  readonly warmup: number;
  /** Which parameters decay: all (the authors) or only matrices (M2D). */
  readonly decay: 'all' | 'matrices';
  /** Global gradient norm above which gradients are scaled down. */
  readonly clipNorm: number;
}

/** What a step trades for memory; neither changes the result beyond rounding. */
export interface MemoryOptions {
  /** Keep only each block's input for the gradient and compute the rest again there (about a third more time). */
  readonly remat: boolean;
  /**
   * Parts in which a batch is computed, one after the other; a divisor of the batch size. All parts make one update, one
   * average and one centre; a centre that is applied `now`, and Sinkhorn, see one part at a time. 1 computes the batch at once.
   */
  readonly accumulation: number;
}

/** Everything that defines a MATPAC run except its data and its length. */
export interface MatpacOptions {
  readonly model: ModelOptions;
  readonly prediction: PredictionOptions;
  readonly classification: ClassificationOptions;
  readonly teacher: TeacherOptions;
  readonly optimizer: OptimizerOptions;
  /** When left out, a batch is computed at once and nothing twice. */
  readonly memory?: MemoryOptions | undefined;
}

/** Whether the options need heads: for the loss, or to be measured. */
export function hasHead({ classification }: Pick<MatpacOptions, 'classification'>): boolean {
  return classification.weight > 0 || classification.observe;
}
