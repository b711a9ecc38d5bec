import { layouts } from '@audio-ssl/datasets';
import { confusionMatrix, pairedBootstrap, studentInterval } from '@audio-ssl/evaluation';
import type { ReportProbe, ReportScore } from '@audio-ssl/report';
import type { OpenClips } from '../open-clips.js';
import type { Fitted } from './probe-methods.js';
import type { ProbeTask } from './probe-task.js';

/** What a classifier found on features of the random start and of the pretrained encoder, as the report shows it. */
export function reportProbe(
  { dataset, layout, kept, skipped, notices }: OpenClips,
  task: ProbeTask,
  { before, after }: { readonly before: Fitted; readonly after: Fitted },
  more: Pick<ReportProbe, 'pooling' | 'method' | 'logMel' | 'seconds'>,
): ReportProbe {
  const groups = task.bootstrapGroups;
  const { mean, low, high } = pairedBootstrap(after.correct, before.correct, groups && { groups });
  return {
    dataset: dataset.name,
    target: layouts[layout].target,
    folds: task.description,
    clips: kept.length,
    skipped,
    notices,
    emptyClasses: task.emptyClasses,
    chance: task.chance,
    randomStart: score(before),
    pretrained: score(after),
    gain: { value: mean, low, high, ...overSeeds(after.perSeed?.map((share, i) => share - before.perSeed![i]!)) },
    classes: task.classNames,
    confusion: rows(confusionMatrix(after.predictions, task.labels, task.classes), task.classes),
    ...more,
  };
}

/** The accuracy of a classifier with its intervals. */
export function score({ accuracy, interval: { low, high }, perSeed, perFold }: Fitted): ReportScore {
  const folds = perFold?.map(({ fold, score: value }) => ({ fold, value }));
  return { value: accuracy, low, high, ...overSeeds(perSeed), ...(folds && { folds }) };
}

function overSeeds(perSeed: readonly number[] = []): Pick<ReportScore, 'seeds'> {
  if (perSeed.length < 2) return {};
  const { low, high } = studentInterval(perSeed);
  return { seeds: { low, high } };
}

function rows(matrix: Int32Array, classes: number): number[][] {
  return Array.from({ length: classes }, (_, row) => Array.from(matrix.subarray(row * classes, (row + 1) * classes)));
}
