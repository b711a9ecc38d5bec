import type { Activation, ClassHead } from './class-head.js';
import { audiosetLabels } from './labels/audioset.js';
import { fsd50kLabels } from './labels/fsd50k.js';
import { openmicLabels } from './labels/openmic.js';

/** A classification that a published head was trained for. */
export interface HeadTask {
  readonly title: string;
  readonly classes: number;
  /** `sigmoid` where a sound may have several labels. (The reference's code takes the softmax everywhere.) */
  readonly activation: Activation;
  /** Names of the classes in the order of the head, where their licence lets us ship them. */
  readonly labels?: readonly string[];
  /** Where to find the names when they are not shipped. */
  readonly source?: string;
}

const jamendo = (title: string, classes: number): HeadTask => ({
  title: `MTG-Jamendo ${title}`,
  classes,
  activation: 'sigmoid',
  source: 'the tags of MTG-Jamendo, CC BY-NC-SA 4.0',
});

/**
 * The tasks of the published heads and probes. The names of ESC-50 and MTG-Jamendo are under non-commercial licences and
 * are not shipped: read them from your copy of the data.
 */
export const headTasks = {
  audioset: { title: 'AudioSet', classes: 527, activation: 'sigmoid', labels: audiosetLabels },
  openmic: { title: 'OpenMIC-2018', classes: 20, activation: 'sigmoid', labels: openmicLabels },
  fsd50k: { title: 'FSD50K', classes: 200, activation: 'sigmoid', labels: fsd50kLabels },
  esc50: { title: 'ESC-50', classes: 50, activation: 'softmax', source: 'meta/esc50.csv of ESC-50, CC BY-NC 3.0' },
  mtg_genre: jamendo('genre', 87),
  mtg_instrument: jamendo('instrument', 40),
  mtg_mood: jamendo('mood and theme', 56),
  mtg_top50: jamendo('top 50', 50),
} as const satisfies Record<string, HeadTask>;

/** Name of a task. */
export type HeadTaskName = keyof typeof headTasks;

/**
 * The task of a head, as far as its number of classes shows: ESC-50 and MTG-Jamendo's top 50 both have 50.
 *
 * @returns `undefined` when several tasks or none have that number.
 */
export function taskOf({ classes }: Pick<ClassHead, 'classes'>): HeadTaskName | undefined {
  const found = (Object.keys(headTasks) as HeadTaskName[]).filter((name) => headTasks[name].classes === classes);
  return found.length === 1 ? found[0] : undefined;
}

/** One class and how probable it is. */
export interface LabelledProbability {
  readonly label: string;
  /** Index in the head's outputs. */
  readonly index: number;
  readonly probability: number;
}

/**
 * The most probable classes, highest first; of equals the lower index.
 *
 * @param labels names in the order of the head; `class 12` where there are none.
 * @throws Error when there are labels and not one for every class.
 * @example
 * topLabels(classProbabilities(head, feature, 'sigmoid'), headTasks.audioset.labels, 5);
 */
export function topLabels(
  probabilities: Float32Array,
  labels: readonly string[] | undefined,
  count: number,
): LabelledProbability[] {
  if (labels && labels.length !== probabilities.length) {
    throw new Error(
      `topLabels: expected ${probabilities.length} labels, got ${labels.length}; are they those of another task?`,
    );
  }
  return Array.from(probabilities, (probability, index) => ({
    label: labels?.[index] ?? `class ${index}`,
    index,
    probability,
  }))
    .sort((a, b) => b.probability - a.probability || a.index - b.index)
    .slice(0, count);
}
