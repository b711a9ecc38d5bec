import { decodeAudio } from '@audio-ssl/audio-frontend';
import {
  classify as probabilitiesOf,
  readClassHead,
  taskOf,
  tasks,
  topLabels,
  type Activation,
  type ClassHead,
  type LabelledProbability,
  type Task,
  type TaskName,
} from '@audio-ssl/pretrained';
import { readFile } from 'node:fs/promises';
import { listSounds } from './list-sounds.js';
import { openCheckpoint, openModel } from './open-model.js';
import { readLabels } from './read-labels.js';
import { InputError } from './input-error.js';

/** What {@link classify} is asked for. */
export interface ClassifyOptions {
  /** A checkpoint with a class head, or an encoder for `probe`. */
  readonly checkpoint: string;
  /** Sound files, folders of them, or `-` for standard input. */
  readonly inputs: readonly string[];
  /** A file with a linear probe (`probe.weight`, `probe.bias`). */
  readonly probe?: string | undefined;
  /** The task of the head, where its number of classes does not tell it. */
  readonly task?: TaskName | undefined;
  /** A file of class names, in place of those that are shipped. */
  readonly labels?: string | undefined;
  /** By default as the task has it, or the softmax for a head of none of them. */
  readonly activation?: Activation | undefined;
  /** How many classes are given; 5 by default. */
  readonly top?: number | undefined;
  readonly heads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The most probable classes of one sound, or why there are none. */
export interface Classified {
  readonly file: string;
  readonly classes?: readonly LabelledProbability[];
  readonly failed?: string;
}

/** Classifies sounds one after the other. */
export async function* classify(options: ClassifyOptions): AsyncGenerator<Classified, void, undefined> {
  const { sounds, close } = await listSounds(options.inputs);
  try {
    const model = await openModel(options.checkpoint, { heads: options.heads });
    try {
      const head = options.probe === undefined ? model.head : await openProbe(options.probe);
      if (!head) {
        throw new InputError(
          `${options.checkpoint} is a ${model.family} and has no class head; give a probe with --probe FILE`,
        );
      }
      const task = findTask(head, options);
      const activation = options.activation ?? task?.activation ?? guess(head);
      const labels = options.labels === undefined ? task?.labels : await readLabels(options.labels, head.classes);
      if (!labels) console.error(unnamed(head, options.task));
      const dim = model.weights.cls_token.shape.at(-1)!;
      const extract = model.createExtractor({ time: 'mean', frequency: head.dims === dim ? 'mean' : 'concat' });
      for (const { id, path } of sounds) {
        options.signal?.throwIfAborted();
        try {
          const { data } = await extract(await decodeAudio(await readFile(path)));
          const probabilities = probabilitiesOf(head, data, activation);
          yield { file: id, classes: topLabels(probabilities, labels, options.top ?? 5) };
        } catch (error) {
          if (error instanceof Error && error.message.startsWith('classify:')) throw error; // the head, not the sound
          yield { file: id, failed: (error as Error).message };
        }
      }
    } finally {
      model.dispose();
    }
  } finally {
    await close();
  }
}

async function openProbe(path: string): Promise<ClassHead> {
  const file = await openCheckpoint(path);
  try {
    return await readClassHead(file);
  } finally {
    await file.close();
  }
}

function findTask(head: ClassHead, { task }: ClassifyOptions): Task | undefined {
  const name = task ?? taskOf(head);
  if (name === undefined) return undefined;
  if (tasks[name].classes !== head.classes) {
    throw new InputError(`--task ${name} has ${tasks[name].classes} classes, the head has ${head.classes}`, 'option');
  }
  return tasks[name];
}

/**
 * The softmax for a head that was trained for none of the tasks known.
 *
 * @throws InputError when it may have been for several of them
 */
function guess({ classes }: ClassHead): Activation {
  const candidates = Object.entries<Task>(tasks).filter(([, task]) => task.classes === classes);
  if (candidates.length > 0) {
    const choices = candidates.map(([name, { title, activation }]) => `--task ${name} (${title}: ${activation})`);
    throw new InputError(
      `a head of ${classes} classes may be that of several tasks; give ${choices.join(' or ')}, or --activation`,
      'option',
    );
  }
  console.error(
    `no task known has ${classes} classes: a softmax is taken; give --activation sigmoid if a sound may have several`,
  );
  return 'softmax';
}

/** Says where the names of classes are to be had that are not shipped. */
function unnamed({ classes }: ClassHead, task: TaskName | undefined): string {
  const candidates = task ? [tasks[task]] : Object.values(tasks).filter((other: Task) => other.classes === classes);
  const where = candidates.map(({ title, ...rest }: Task) =>
    rest.source === undefined ? title : `${title}: ${rest.source}`,
  );
  return `classes are numbered: their names come from --labels FILE${where.length > 0 ? ` (${where.join('; ')})` : ''}`;
}
