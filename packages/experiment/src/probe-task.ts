import { groupFolds } from '@audio-ssl/evaluation';
import type { OpenClips } from './open-clips.js';
import { InputError } from './input-error.js';

/** What a probe is to tell apart, and the folds in which it is tested. */
export interface ProbeTask {
  readonly labels: Int32Array;
  /** Number of {@link classNames}. */
  readonly classes: number;
  /** The classes of the clips that can be used, in the data set's order. */
  readonly classNames: readonly string[];
  /** Classes of the data set without a clip that can be used. */
  readonly emptyClasses: readonly string[];
  readonly folds: Int32Array;
  readonly description: string;
  /** Share of the largest class. */
  readonly chance: number;
  /** Groups that a resample keeps whole; absent when clips are drawn one by one. */
  readonly bootstrapGroups?: readonly string[];
}

/**
 * Labels and folds of a probe: the data set's own, else folds that never split a group.
 *
 * @throws InputError naming the data set's table for clips that a probe can't be trained and tested on
 */
export function probeTask({ dataset, kept }: OpenClips, foldCount: number): ProbeTask {
  const chosen = kept.map((index) => dataset.clips[index] as (typeof dataset.clips)[number]);
  const table = dataset.table ?? dataset.name;
  const names = chosen.map(({ id, label }) => {
    if (label === undefined)
      throw new InputError(
        `${dataset.name}: ${id} has no label; a probe needs a labelled data set: --dataset esc50 or nsynth`,
      );
    return label;
  });
  const used = new Set(names);
  const classNames = dataset.classes.filter((name) => used.has(name));
  if (classNames.length < 2)
    throw new InputError(
      `${table}: expected usable clips of two or more classes, got only ${classNames.join()}; add clips of another class`,
    );
  const labels = Int32Array.from(names, (name) => classNames.indexOf(name));
  const counts = classNames.map((_, k) => labels.filter((label) => label === k).length);
  const common = {
    labels,
    classes: classNames.length,
    classNames,
    emptyClasses: dataset.classes.filter((name) => !used.has(name)),
    chance: Math.max(...counts) / labels.length,
  };
  if (chosen.every(({ fold }) => fold !== undefined)) {
    const folds = Int32Array.from(chosen, ({ fold }) => fold as number);
    requireSpread(table, { names, folds }, 'give some of them another fold in the column "fold"');
    // Clips cut from one recording are no independent draws. By fold, because a few of ESC-50's are in two of them.
    const recordings = chosen.flatMap(({ fold, group }) => (group === undefined ? [] : `${fold} ${group}`));
    return {
      ...common,
      folds,
      ...(recordings.length === chosen.length && { bootstrapGroups: recordings }),
      description: `the data set's own ${new Set(folds).size} folds`,
    };
  }
  const groups = chosen.map(({ id, group }) => group ?? id);
  const groupCount = new Set(groups).size;
  if (foldCount > groupCount)
    throw new InputError(
      groupCount < 2
        ? `${table}: expected usable clips of two or more instruments, got one; add clips of another instrument`
        : `${table}: expected probe.folds from 2 to the number of instruments (${groupCount}), got ${foldCount}; give --folds ${groupCount}, or set probe.folds=${groupCount}`,
    );
  const folds = groupFolds(groups, labels, foldCount, 0);
  requireSpread(table, { names, folds }, 'add clips of another instrument');
  return {
    ...common,
    folds,
    bootstrapGroups: groups,
    description: `${foldCount} folds by instrument: a tested instrument is never trained on`,
  };
}

/** Refuses classes that would have no training clip when their only fold is tested. */
function requireSpread(
  table: string,
  { names, folds }: { readonly names: readonly string[]; readonly folds: Int32Array },
  next: string,
): void {
  if (new Set(folds).size === 1)
    throw new InputError(
      `${table}: all usable clips are in fold ${folds[0]}, nothing is left to train on when it is tested; ${next}`,
    );
  for (const name of new Set(names)) {
    const homes = folds.filter((_, row) => names[row] === name);
    if (homes.some((fold) => fold !== homes[0])) continue;
    throw new InputError(
      `${table}: ${homes.length === 1 ? 'the only usable clip' : `all ${homes.length} usable clips`} of class "${name}" ` +
        `${homes.length === 1 ? 'is' : 'are'} in fold ${homes[0]}, none is left to train on when it is tested; ${next}, or leave the class out`,
    );
  }
}
