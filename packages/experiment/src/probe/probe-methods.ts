import {
  accuracy,
  bootstrapInterval,
  fewShotProbe,
  knnAccuracy,
  linearProbe,
  probeProtocols,
  type Features,
  type ProbeProtocolName,
  type ProbeResult,
} from '@audio-ssl/evaluation';
import { beginStage } from '../begin-stage.js';
import type { Reporter } from '../reporter.js';
import type { ProbeTask } from './probe-task.js';

/** Which classifiers a probe fits. */
export interface ProbeMethods {
  /** How the linear probe is done; `exact` by default. */
  readonly protocol?: ProbeProtocolName | undefined;
  /** Also from this many clips of each class. */
  readonly fewShot?: number | undefined;
  /** Also by the majority of this many nearest neighbours in other folds. */
  readonly knn?: number | undefined;
}

/** The outcome of a classifier. */
export type Fitted = Pick<ProbeResult, 'accuracy' | 'interval' | 'correct' | 'predictions'> & {
  /** The accuracy of each seed, or of each draw of few shots, where there are several. */
  readonly perSeed?: readonly number[];
  readonly perFold?: ProbeResult['perFold'];
};

/** What the stages of a probe take besides their data. */
export interface StageOptions {
  readonly reporter?: Reporter | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One classifier: the same for every kind of features. */
export interface ProbeMethod {
  /** In words, for reports; absent for the linear probe with its exact solver. */
  readonly words?: string;
  fit(stage: string, features: Features, task: ProbeTask, options: StageOptions): Promise<Fitted>;
}

const protocolWords: Readonly<Record<ProbeProtocolName, string | undefined>> = {
  exact: undefined,
  matpac: 'a bare linear layer (protocol matpac)',
  evar: 'a linear layer trained as EVAR does (protocol evar)',
  hear: 'hidden layers trained as HEAR does (protocol hear)',
};

/** The classifiers that are asked for, the linear probe first. */
export function probeMethods({ protocol = 'exact', fewShot, knn }: ProbeMethods): readonly ProbeMethod[] {
  const words = protocolWords[protocol];
  const linear: ProbeMethod = {
    ...(words !== undefined && { words }),
    fit: (stage, features, task, options) =>
      inStage(stage, options, (onProgress) =>
        linearProbe({ ...common(features, task, options), protocol: probeProtocols[protocol], onProgress }),
      ),
  };
  const fromFew = (shots: number): ProbeMethod => ({
    words: `logistic regression from ${shots} clip${shots === 1 ? '' : 's'} a class, drawn ten times`,
    fit: (stage, features, task, options) =>
      inStage(stage, options, (onProgress) => fewShotProbe({ ...common(features, task, options), shots, onProgress })),
  });
  const byNeighbours = (k: number): ProbeMethod => ({
    words: `${k} nearest neighbours in the other folds`,
    fit: (_, features, task) => neighbourVote(features, task, k),
  });
  return [
    linear,
    ...(fewShot === undefined ? [] : [fromFew(fewShot)]),
    ...(knn === undefined ? [] : [byNeighbours(knn)]),
  ];
}

/**
 * Probes one matrix of features by the linear probe with its exact solver.
 *
 * @param stage name of the stage that is reported
 * @param features one row for each clip of the task
 * @example
 * const { accuracy } = await fitProbe('probe', features.get('mean')!, probeTask(clips, 5));
 */
export function fitProbe(
  stage: string,
  features: Features,
  task: ProbeTask,
  options: StageOptions = {},
): Promise<ProbeResult> {
  return inStage(stage, options, (onProgress) =>
    linearProbe({ ...common(features, task, options), protocol: probeProtocols.exact, onProgress }),
  );
}

async function neighbourVote(features: Features, task: ProbeTask, k: number): Promise<Fitted> {
  const { labels, classes, folds, bootstrapGroups } = task;
  const { predictions } = await knnAccuracy({ features, labels, classes, groups: folds, k });
  return scored(predictions, labels, bootstrapGroups);
}

/** The accuracy of predictions for all clips, with its interval. */
export function scored(predictions: Int32Array, labels: Int32Array, groups?: readonly string[]): Fitted {
  const correct = Float64Array.from(labels, (label, row) => (predictions[row] === label ? 1 : 0));
  const interval = bootstrapInterval(correct, groups && { groups });
  return { accuracy: accuracy(predictions, labels), interval, correct, predictions };
}

function common(features: Features, { labels, classes, folds, bootstrapGroups }: ProbeTask, { signal }: StageOptions) {
  return {
    features,
    labels,
    classes,
    folds,
    ...(bootstrapGroups && { groups: bootstrapGroups }),
    ...(signal && { signal }),
  };
}

/** Runs a fit as a stage, whose length shows at its first progress. */
function inStage<T>(
  name: string,
  { reporter }: StageOptions,
  fit: (onProgress: (event: { readonly done: number; readonly total: number }) => void) => Promise<T>,
): Promise<T> {
  let progress: ReturnType<typeof beginStage> | undefined;
  return fit(({ done, total }) => {
    progress ??= beginStage(reporter, name, total);
    progress(done);
  });
}
