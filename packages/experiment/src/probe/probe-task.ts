import { labelledLayouts, layouts } from '@audio-ssl/datasets';
import { groupFolds } from '@audio-ssl/evaluation';
import { InputError } from '../input-error.js';
import type { OpenClips } from '../open-clips.js';

/** What a probe is to tell apart, and the folds in which it is tested. */
export interface ProbeTask {
  /** Of each clip, the index of its class in {@link classNames}. */
  readonly labels: Int32Array;
  /** Number of {@link classNames}. */
  readonly classes: number;
  /** The classes of the clips that can be used, in the data set's order. */
  readonly classNames: readonly string[];
  /** Classes of the data set without a clip that can be used. */
  readonly emptyClasses: readonly string[];
  /** Of each clip, the fold in which it is tested. */
  readonly folds: Int32Array;
  /** How the folds were made, in words. */
  readonly description: string;
  /** Share of the largest class. */
  readonly chance: number;
  /** Groups that a resample keeps whole; absent when clips are drawn one by one. */
  readonly bootstrapGroups?: readonly string[];
}

/** A clip as a probe sees it. */
export interface TaskClip {
  readonly id: string;
  readonly label: string;
  readonly fold?: number | undefined;
  /** What it was cut from: clips of one group are trained on or tested together. */
  readonly group?: string | undefined;
}

/**
 * Labels and folds of a probe: the data set's own, else folds that never split a group.
 *
 * @param foldCount number of folds where the data set has none of its own
 * @throws InputError naming the data set's table for clips that a probe can't be trained and tested on
 * @example
 * const { labels, folds } = probeTask(clips, 5);
 */
export function probeTask(
  { dataset, kept, layout }: Pick<OpenClips, 'dataset' | 'kept' | 'layout'>,
  foldCount: number,
): ProbeTask {
  const clips = kept.map((index): TaskClip => {
    const { id, label, fold, group } = dataset.clips[index]!;
    if (label === undefined)
      throw new InputError(
        `${dataset.name}: ${id} has no label; a probe needs labelled data: \`layout\` ${labelledLayouts.join(' or ')}`,
      );
    return { id, label, fold, group };
  });
  return taskOf(clips, {
    table: dataset.table ?? dataset.name,
    classes: dataset.classes,
    groupWord: layouts[layout].group,
    foldCount,
  });
}

/**
 * Labels and folds of clips, in the order of the clips.
 *
 * @param options the table that messages name, its classes in order, what it calls a group, and the number of folds where
 * not every clip has one of its own
 * @throws InputError naming the table for clips that a probe can't be trained and tested on
 */
export function taskOf(
  chosen: readonly TaskClip[],
  {
    table,
    classes,
    groupWord,
    foldCount,
  }: {
    readonly table: string;
    readonly classes: readonly string[];
    readonly groupWord: string;
    readonly foldCount: number;
  },
): ProbeTask {
  const names = chosen.map(({ label }) => label);
  const used = new Set(names);
  const classNames = classes.filter((name) => used.has(name));
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
    emptyClasses: classes.filter((name) => !used.has(name)),
    chance: Math.max(...counts) / labels.length,
  };
  if (chosen.every(({ fold }) => fold !== undefined)) {
    const folds = Int32Array.from(chosen, ({ fold }) => fold!);
    requireSpread(table, { names, folds }, 'give some of them another fold in the column "fold"');
    // Clips cut from one recording are not independent draws. By fold, because a few of ESC-50's are in two of them.
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
        ? `${table}: expected usable clips of two or more ${groupWord}s, got one; add clips of another ${groupWord}`
        : `${table}: expected probe.folds from 2 to the number of ${groupWord}s (${groupCount}), got ${foldCount}; give \`folds\` ${groupCount}`,
    );
  const folds = groupFolds(groups, labels, foldCount, 0);
  requireSpread(table, { names, folds }, `add clips of another ${groupWord}`);
  return {
    ...common,
    folds,
    bootstrapGroups: groups,
    description: `${foldCount} folds by ${groupWord}: a tested ${groupWord} is never trained on`,
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
