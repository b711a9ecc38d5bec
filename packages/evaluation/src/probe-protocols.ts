/** How a probe prepares its features and fits its classifier: data, so that a report can state it in full. */
export type ProbeProtocol = ExactProtocol | GradientProtocol;

/** A linear classifier at the exact minimum of its loss: full-batch L-BFGS, nothing to tune but the penalty. */
export interface ExactProtocol {
  readonly solver: 'lbfgs';
  /** Bring every dimension to zero mean and unit variance on the training clips. */
  readonly standardize: boolean;
  /** Values of C to choose from inside the training folds. */
  readonly grid: readonly number[];
}

/** A linear or multi-layer classifier trained by Adam in batches, stopped by the score on validation clips. */
export interface GradientProtocol {
  readonly solver: 'adam';
  readonly standardize: boolean;
  /** Settings to choose from by the validation score: learning rates, weight decays, layers, in any combination. */
  readonly candidates: readonly GradientCandidate[];
  /** Try only so many of the candidates, drawn at random anew for each tested fold of each seed. Default: all. */
  readonly draw?: number;
  readonly batchSize: number;
  /** Epochs at most. */
  readonly epochs: number;
  /** The validation score is taken every so many epochs. */
  readonly validateEvery: number;
  /** Stop after this many validations without a better score. */
  readonly patience: number;
  /** Whether an equal validation score counts as better, so that the later weights are kept. */
  readonly tiesAreBetter: boolean;
  /**
   * Which of the training clips validate, when no fold is given for that: a random share of them that holds every class
   * (whole groups when clips have groups), or the fold after the tested one.
   */
  readonly validation: { readonly share: number } | 'nextFold';
  /** The whole probe is run once with each seed. */
  readonly seeds: readonly number[];
}

/** One setting of a {@link GradientProtocol}. */
export interface GradientCandidate {
  /** Widths of the hidden layers, each followed by batch normalisation, dropout and ReLU; none for a linear classifier. */
  readonly hidden: readonly number[];
  readonly dropout: number;
  readonly learningRate: number;
  /** L2 penalty added to the gradient, as PyTorch's Adam does it. */
  readonly weightDecay: number;
  /** First kernels: uniform within ±1/√inputs (PyTorch's default), or Xavier with a gain of √2 behind a ReLU. */
  readonly start: 'fanIn' | 'xavierUniform' | 'xavierNormal';
}

/** The values of C that are tried by default: half decades from 1e-5 to 100. */
export const defaultGrid: readonly number[] = Array.from({ length: 15 }, (_, i) => 10 ** (i / 2 - 5));

const linear = { hidden: [], dropout: 0, weightDecay: 1e-8, start: 'fanIn' } as const;

/**
 * The probes of the field.
 *
 * - `exact` (default): standardised features, logistic regression at its minimum, C chosen inside the training folds.
 * - `matpac`: a bare linear layer on the features as they are (the authors' published probes; their optimiser is not
 *   published, so the layer is fitted as in `exact`).
 * - `evar`: the protocol of EVAR (M2D, BYOL-A, MSM-MAE): standardised features, a linear layer, Adam in batches of 200
 *   for up to 200 epochs, patience 20 on a tenth of the training clips, seeds 42, 43, 44. EVAR sets the learning rate by
 *   hand for each model, 3e-4 for most and 3e-5 for wide ones; here the validation clips choose between the two. EVAR
 *   also cuts and pads clips to a length for each task, which is left out because features come in as arrays; and it
 *   divides the cross-entropy by the number of classes, which is left out because Adam's steps do not depend on the
 *   scale of the loss (but for its epsilon and the weight decay of 1e-8).
 * - `hear`: the protocol of HEAR 2021: one or two hidden layers of 1024, Adam in batches of 1024 for up to 500 epochs,
 *   validated every 3 with patience 20 on the next fold, 8 draws out of 16 settings. hear-eval-kit searches them on the
 *   first split alone and takes what it found for the other folds, too; here every fold searches anew, so that no tested
 *   clip has a say in the setting that it is tested with.
 *
 * @example
 * await linearProbe({ features, labels, classes: 50, folds, protocol: probeProtocols.evar });
 */
export const probeProtocols = {
  exact: { solver: 'lbfgs', standardize: true, grid: defaultGrid },
  matpac: { solver: 'lbfgs', standardize: false, grid: defaultGrid },
  evar: {
    solver: 'adam',
    standardize: true,
    candidates: [3e-4, 3e-5].map((learningRate) => ({ ...linear, learningRate })),
    batchSize: 200,
    epochs: 200,
    validateEvery: 1,
    patience: 20,
    tiesAreBetter: true,
    validation: { share: 0.1 },
    seeds: [42, 43, 44],
  },
  hear: {
    solver: 'adam',
    standardize: false,
    candidates: [[1024], [1024, 1024]].flatMap((hidden) =>
      [3.2e-3, 1e-3, 3.2e-4, 1e-4].flatMap((learningRate) =>
        (['xavierUniform', 'xavierNormal'] as const).map((start) => ({
          hidden,
          dropout: 0.1,
          learningRate,
          weightDecay: 0,
          start,
        })),
      ),
    ),
    draw: 8,
    batchSize: 1024,
    epochs: 500,
    validateEvery: 3,
    patience: 20,
    tiesAreBetter: false,
    validation: 'nextFold',
    seeds: [0],
  },
} as const satisfies Readonly<Record<string, ProbeProtocol>>;

/** The name of one of the {@link probeProtocols}. */
export type ProbeProtocolName = keyof typeof probeProtocols;

/** Refuses a protocol that cannot be followed, naming the field. */
export function checkProtocol(caller: string, protocol: ProbeProtocol): void {
  const refuse = (what: string): never => {
    throw new Error(`${caller}: expected ${what}; start from one of probeProtocols`);
  };
  if (protocol.solver === 'lbfgs') {
    const { grid } = protocol;
    if (grid.length === 0 || !grid.every((C) => C > 0 && Number.isFinite(C))) {
      refuse(`values of C above 0 in grid, got [${grid.join(', ')}]`);
    }
    return;
  }
  if (protocol.solver !== 'adam')
    refuse(`solver 'lbfgs' or 'adam', got '${String((protocol as ProbeProtocol).solver)}'`);
  const { candidates, seeds, validation, draw } = protocol;
  if (candidates.length === 0) refuse('at least one of candidates, got none');
  if (seeds.length === 0) refuse('at least one of seeds, got none');
  for (const name of ['batchSize', 'epochs', 'validateEvery', 'patience'] as const) {
    const value = protocol[name];
    if (!(Number.isSafeInteger(value) && value >= 1)) refuse(`${name} to be a whole number above 0, got ${value}`);
  }
  if (draw !== undefined && !(Number.isSafeInteger(draw) && draw >= 1)) refuse(`draw of 1 or more, got ${draw}`);
  if (validation !== 'nextFold' && !(validation.share > 0 && validation.share < 1)) {
    refuse(`validation.share between 0 and 1, got ${validation.share}`);
  }
  for (const { hidden, dropout, learningRate, weightDecay } of candidates) {
    if (!(learningRate > 0)) refuse(`learningRate above 0, got ${learningRate}`);
    if (!(weightDecay >= 0)) refuse(`weightDecay of 0 or more, got ${weightDecay}`);
    if (!(dropout >= 0 && dropout < 1)) refuse(`dropout from 0 to below 1, got ${dropout}`);
    if (!hidden.every((width) => Number.isSafeInteger(width) && width >= 1))
      refuse(`widths in hidden, got [${hidden}]`);
  }
}
