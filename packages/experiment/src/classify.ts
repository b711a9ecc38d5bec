import { decodeAudio } from '@audio-ssl/audio-frontend';
import type { StartedBackend } from '@audio-ssl/backend';
import {
  classProbabilities,
  headTasks,
  readClassHead,
  taskOf,
  topLabels,
  type Activation,
  type ClassHead,
  type HeadTask,
  type HeadTaskName,
  type LabelledProbability,
} from '@audio-ssl/pretrained';
import { readFile } from 'node:fs/promises';
import { InputError } from './input-error.js';
import { listSounds } from './list-sounds.js';
import { openCheckpoint } from './open-checkpoint.js';
import { openRunModel } from './open-run-model.js';
import { readLabels } from './read-labels.js';
import type { Reporter } from './reporter.js';

/** The options of {@link classify}. */
export interface ClassifyOptions {
  /** A checkpoint with a class head, or an encoder for `probe`: a file, or the folder of a run. */
  readonly checkpoint: string;
  /** Sound files, folders of them, or `-` for `stdin`. */
  readonly inputs: readonly string[];
  /** What `-` reads, such as `process.stdin`: a sound, or paths, one a line. */
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  /** A file with a linear probe (`probe.weight`, `probe.bias`). */
  readonly probe?: string | undefined;
  /** The task of the head, where its number of classes leaves it open. */
  readonly task?: HeadTaskName | undefined;
  /** A file of class names, in place of the names that come with the task. */
  readonly labels?: string | undefined;
  /** By default that of the task, or the softmax for a head of an unknown task. */
  readonly activation?: Activation | undefined;
  /** How many classes are given for a sound; 5 by default. */
  readonly top?: number | undefined;
  /** Attention heads, for checkpoints other than the published ones. */
  readonly numHeads?: number | undefined;
  /** The backend that runs; keeps compiled graphs in its cache. */
  readonly backend?: StartedBackend | undefined;
  readonly reporter?: Reporter | undefined;
  /** Stops the work before the next sound. */
  readonly signal?: AbortSignal | undefined;
}

/** The most probable classes of one sound, or why there are none. */
export interface Classified {
  readonly file: string;
  /** The most probable first. */
  readonly classes?: readonly LabelledProbability[];
  /** Why the sound could not be used. */
  readonly failed?: string;
}

/**
 * Classifies sounds one after the other, with the class head of a checkpoint or a linear probe on its features.
 *
 * @throws InputError or Error for options, a checkpoint or a head that do not fit; a sound that cannot be used is given as
 * `failed`
 * @example
 * for await (const { file, classes } of classify({ checkpoint: 'as20k.pt', inputs: ['dog.wav'] }))
 *   console.log(file, classes);
 */
export async function* classify(options: ClassifyOptions): AsyncGenerator<Classified, void, undefined> {
  const { checkpoint, numHeads, backend, reporter, signal } = options;
  const { sounds, close } = await listSounds(options.inputs, { stdin: options.stdin, reporter });
  try {
    const model = await openRunModel(checkpoint, { numHeads, backend, reporter });
    try {
      const head = options.probe === undefined ? model.head : await openProbe(options.probe);
      if (!head)
        throw new InputError(
          `${checkpoint} is a ${model.family} and has no class head; give a file of one as \`probe\``,
        );
      const task = findTask(head, options);
      const activation = options.activation ?? task?.activation ?? softmaxFor(head, reporter);
      const labels = options.labels === undefined ? task?.labels : await readLabels(options.labels, head.classes);
      if (!labels) reporter?.note?.(unnamed(head, options.task));
      const dim = model.weights.cls_token.shape.at(-1)!;
      const extract = model.createExtractor({ time: 'mean', frequency: head.dims === dim ? 'mean' : 'concat' });
      for (const { id: file, path } of sounds) {
        signal?.throwIfAborted();
        const feature = await readFile(path)
          .then(async (bytes) => (await extract(await decodeAudio(bytes))).data)
          .catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
        yield feature instanceof Error
          ? { file, failed: feature.message }
          : { file, classes: topLabels(classProbabilities(head, feature, activation), labels, options.top ?? 5) };
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

function findTask(head: ClassHead, { task }: ClassifyOptions): HeadTask | undefined {
  const name = task ?? taskOf(head);
  if (name === undefined) return undefined;
  const { classes } = headTasks[name];
  if (classes !== head.classes)
    throw new InputError(`\`task\` ${name} has ${classes} classes, the head has ${head.classes}`, 'option');
  return headTasks[name];
}

/**
 * The activation of a head that was trained for none of the known tasks.
 *
 * @throws InputError when it may have been trained for several of them
 */
function softmaxFor({ classes }: ClassHead, reporter: Reporter | undefined): Activation {
  const candidates = Object.entries<HeadTask>(headTasks).filter(([, task]) => task.classes === classes);
  if (candidates.length > 0) {
    const choices = candidates.map(([name, { title, activation }]) => `\`task\` ${name} (${title}: ${activation})`);
    throw new InputError(
      `a head of ${classes} classes may belong to several tasks; give ${choices.join(' or ')}, or \`activation\``,
      'option',
    );
  }
  reporter?.note?.(
    `no known task has ${classes} classes, so the softmax is used; give \`activation\` sigmoid if a sound may have several classes`,
  );
  return 'softmax';
}

/** Says where the names of the classes can be found. */
function unnamed({ classes }: ClassHead, task: HeadTaskName | undefined): string {
  const candidates = Object.entries<HeadTask>(headTasks)
    .filter(([name, other]) => (task === undefined ? other.classes === classes : name === task))
    .map(([, { title, source }]) => (source === undefined ? title : `${title}: ${source}`));
  const where = candidates.length > 0 ? ` (${candidates.join('; ')})` : '';
  return `classes are numbered: give a file of their names as \`labels\`${where}`;
}
