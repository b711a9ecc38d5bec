import type { Skipped } from './skip-reason.js';

/** One audio file of a data set. */
export interface Clip {
  /** Unique within the data set, and the same on every machine. */
  readonly id: string;
  /** Where the audio file is. */
  readonly path: string;
  /** The class, one of {@link Dataset.classes}; absent when the data set has no labels. */
  readonly label?: string;
  /** The data set's own cross-validation fold. */
  readonly fold?: number;
  /** Clips of one group (an instrument, a source recording) must not be split between training and test. */
  readonly group?: string;
}

/** What every `open...` function of this package returns: a list of files, no audio is read yet. */
export interface Dataset {
  /** For messages and reports. */
  readonly name: string;
  /** The folder that was opened, absolute. */
  readonly root: string;
  /** The file that labels and folds come from; absent when there is none. */
  readonly table?: string;
  /** In an order that is the same on every machine. */
  readonly clips: readonly Clip[];
  /** What the search for files left out, and why: folders that are not readable, names that are not UTF-8, pipes. */
  readonly skipped: readonly Skipped[];
  /** Class names in the order of their indices; empty when the clips have no labels. */
  readonly classes: readonly string[];
}

/** A way to lay out a data set in a folder, and the words for what is in it. */
export interface DatasetLayout {
  /** What a person calls it, such as `ESC-50`. */
  readonly title: string;
  /** Lists the clips of a folder in this layout; rejects when it is not in it. */
  open(root: string): Promise<Dataset>;
  /** Whether a folder looks as if it had this layout; reads no file. */
  detect(root: string): Promise<boolean>;
  /** Whether clips have classes, so that a probe can be trained on them. */
  readonly labelled: boolean;
  /** What clips of one {@link Clip.group} share, in the singular, such as `instrument`. */
  readonly group: string;
  /** What is predicted, in the singular, such as `instrument family`. */
  readonly target: string;
  /** How a probe of it is judged. */
  readonly metric: 'accuracy';
}
