import type { StartedBackend } from '@audio-ssl/backend';
import { openLogMels, SkippedClipError, type LogMelStore, type SoundNotice } from '@audio-ssl/datasets';
import {
  classProbabilities,
  headTasks,
  readClassHead,
  taskOf,
  topLabels,
  type Activation,
  type ClassHead,
  type Extractor,
  type HeadTask,
  type HeadTaskName,
  type LabelledProbability,
} from '@audio-ssl/pretrained';
import { basename, resolve } from 'node:path';
import { beginStage } from './begin-stage.js';
import { pieceFramesOf } from './features.js';
import { InputError } from './input-error.js';
import { listSounds, type ListedSound } from './list-sounds.js';
import { loadAhead } from './load-ahead.js';
import { reportNotices } from './open-clips.js';
import { openCheckpoint } from './open-checkpoint.js';
import { openRunModel, type OpenRunModelOptions } from './open-run-model.js';
import { readLabels } from './read-labels.js';
import type { Reporter } from './reporter.js';
import { soundSettings, type SoundSettings } from './sound-settings.js';

/** The options of {@link classify}. */
export interface ClassifyOptions extends SoundSettings {
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
  /** Attention heads, for checkpoints other than the published ones that do not state them. */
  readonly numHeads?: number | undefined;
  /** What a checkpoint does not state of its encoder, as in `LoadModelOptions` of `@audio-ssl/pretrained`. */
  readonly facts?: OpenRunModelOptions['facts'];
  /** The backend that runs; keeps compiled graphs in its cache. */
  readonly backend?: StartedBackend | undefined;
  readonly reporter?: Reporter | undefined;
  /** Stops the work within a second or two. */
  readonly signal?: AbortSignal | undefined;
}

/** The most probable classes of one sound, or why there are none. */
export interface Classified {
  readonly file: string;
  /** The most probable first. */
  readonly classes?: readonly LabelledProbability[];
  /** Why the sound could not be used. */
  readonly failed?: string;
  /** Why something in a folder is left out with which no sound is lost, such as what macOS leaves beside sounds. */
  readonly passedOver?: string;
  /** The same as a short phrase to count by, such as `truncated`. */
  readonly cause?: string;
  /** What is odd about the sound, which is used. */
  readonly notices?: readonly Omit<SoundNotice, 'path'>[];
}

/** Sounds that are loaded ahead of the one that is classified. */
const AHEAD = 4;

/**
 * Classifies sounds of any length one after the other, with the class head of a checkpoint or a linear probe on its features.
 *
 * @throws InputError or Error for options, a checkpoint or a head that do not fit; a sound that cannot be used is given as
 * `failed`
 * @example
 * for await (const { file, classes } of classify({ checkpoint: 'as20k.pt', inputs: ['dog.wav'] }))
 *   console.log(file, classes);
 */
export async function* classify(options: ClassifyOptions): AsyncGenerator<Classified, void, undefined> {
  const { checkpoint, numHeads, facts, backend, reporter, signal } = options;
  const { sounds, skipped, close } = await listSounds(options.inputs, {
    stdin: options.stdin,
    ffmpeg: options.ffmpeg,
    signal,
  });
  try {
    const model = await openRunModel(checkpoint, { numHeads, facts, backend, reporter });
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
      for (const { path: file, reason, cause, passedOver } of skipped)
        yield { file, [passedOver ? 'passedOver' : 'failed']: reason, cause };
      const { logMel, chunkFrames } = model.settings;
      const reading = await soundSettings(checkpoint, options);
      const store = await openLogMels(
        sounds.map(({ id, path }) => ({ id, path: resolve(path) })),
        { logMel, ...reading, segmentFrames: pieceFramesOf(chunkFrames), memory: 0, fillShort: true },
      );
      try {
        for await (const { file, feature, notices } of features(sounds, store, extract, { reporter, signal }))
          yield feature instanceof SkippedClipError
            ? { file, failed: feature.reason, cause: feature.cause }
            : {
                file,
                classes: topLabels(classProbabilities(head, feature, activation), labels, options.top ?? 5),
                ...(notices.length > 0 && { notices: notices.map(({ path: _, ...notice }) => notice) }),
              };
        reportNotices(store.notices, reporter);
      } finally {
        await store.close();
      }
    } finally {
      model.dispose();
    }
  } finally {
    await close();
  }
}

/** The feature of each sound, or why it has none. */
async function* features(
  sounds: readonly ListedSound[],
  store: LogMelStore,
  extract: Extractor,
  { reporter, signal }: Pick<ClassifyOptions, 'reporter' | 'signal'>,
): AsyncGenerator<{
  readonly file: string;
  readonly feature: Float32Array | SkippedClipError;
  readonly notices: readonly SoundNotice[];
}> {
  let done = 0;
  let progress: ReturnType<typeof beginStage> | undefined; // of long sounds alone: results of short ones are progress
  const tell = (detail: string): void => {
    progress ??= beginStage(reporter, 'classify', sounds.length, done);
    progress(done, detail);
  };
  const indices = sounds.map((_, index) => index);
  for await (const clip of loadAhead(store, indices, { ahead: AHEAD, onDetail: tell, signal })) {
    const { id: file, path } = sounds[done]!;
    let feature: Float32Array | SkippedClipError;
    if (clip instanceof SkippedClipError) feature = clip;
    else {
      const { pieces, spectrograms } = clip;
      const told = async function* () {
        let piece = 0;
        for await (const spectrogram of spectrograms()) {
          signal?.throwIfAborted();
          if (pieces.length > 1) tell(`encoding ${basename(path)}, piece ${++piece} of ${pieces.length}`);
          yield spectrogram;
        }
      };
      feature = await only(extract.streamLogMel(told())).catch((error: unknown) => {
        if (error instanceof SkippedClipError) return error; // it has become unreadable while it was read
        throw error;
      });
    }
    done++;
    yield { file, feature, notices: clip instanceof SkippedClipError ? [] : clip.notices };
  }
}

/** The one mean that an extractor gives of a clip. */
async function only(found: AsyncIterable<{ readonly data: Float32Array }>): Promise<Float32Array> {
  let mean = new Float32Array();
  for await (const { data } of found) mean = Float32Array.from(data);
  return mean;
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
