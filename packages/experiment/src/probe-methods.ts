import {
  accuracy,
  bootstrapInterval,
  type Features,
  fewShotProbe,
  knnAccuracy,
  linearProbe,
  probeProtocols,
  type ProbeProtocolName,
  type ProbeResult,
} from '@audio-ssl/evaluation';
import type { ProbeTask } from './probe-task.js';
import { startProgress } from './progress.js';

/** Which classifiers a probe fits. */
export interface ProbeMethods {
  /** How the linear probe is done; `exact` by default. */
  readonly protocol?: ProbeProtocolName | undefined;
  /** Also from so many clips of each class. */
  readonly fewShot?: number | undefined;
  /** Also by the majority of so many nearest neighbours in other folds. */
  readonly knn?: number | undefined;
}

/** What a classifier came to. */
export type Fitted = Pick<ProbeResult, 'accuracy' | 'interval' | 'correct' | 'predictions'> & {
  /** The accuracy of each seed, or of each draw of few shots, where there are several. */
  readonly perSeed?: readonly number[];
  readonly perFold?: ProbeResult['perFold'];
};

/** One classifier: the same for every kind of features. */
export interface ProbeMethod {
  /** In words, for reports; absent for the linear probe with its exact solver. */
  readonly words?: string;
  fit(name: string, features: Features, task: ProbeTask, signal?: AbortSignal): Promise<Fitted>;
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
  return [
    {
      ...(words !== undefined && { words }),
      fit: (name, features, task, signal) => fitLinear(name, features, task, protocol, signal),
    },
    ...(fewShot === undefined
      ? []
      : [
          {
            words: `logistic regression from ${fewShot} clip${fewShot === 1 ? '' : 's'} a class, drawn ten times`,
            fit: (name: string, features: Features, task: ProbeTask, signal?: AbortSignal) =>
              withProgress(name, (onProgress) =>
                fewShotProbe({ ...common(features, task, signal), shots: fewShot, onProgress }),
              ),
          },
        ]),
    ...(knn === undefined
      ? []
      : [
          {
            words: `${knn} nearest neighbours in the other folds`,
            fit: (_: string, features: Features, task: ProbeTask) => neighbourVote(features, task, knn),
          },
        ]),
  ];
}

/** The linear probe by a protocol, with a progress bar. */
export function fitLinear(
  name: string,
  features: Features,
  task: ProbeTask,
  protocol: ProbeProtocolName,
  signal?: AbortSignal,
): Promise<ProbeResult> {
  return withProgress(name, (onProgress) =>
    linearProbe({ ...common(features, task, signal), protocol: probeProtocols[protocol], onProgress }),
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

function common(features: Features, { labels, classes, folds, bootstrapGroups }: ProbeTask, signal?: AbortSignal) {
  return {
    features,
    labels,
    classes,
    folds,
    ...(bootstrapGroups && { groups: bootstrapGroups }),
    ...(signal && { signal }),
  };
}

async function withProgress<T>(
  name: string,
  fit: (onProgress: (event: { readonly done: number; readonly total: number }) => void) => Promise<T>,
): Promise<T> {
  let progress: ReturnType<typeof startProgress> | undefined;
  try {
    return await fit(({ done, total }) => (progress ??= startProgress(name.padEnd(19), total)).update(done));
  } finally {
    progress?.stop();
  }
}
