import { disposeTree } from '@audio-ssl/params';
import { lockRun, requireWritableFolder, runFiles, writeJson, type FolderLock } from '@audio-ssl/trainer';
import { join } from 'node:path';
import { describeEnvironment } from '../environment.js';
import { requireMemory } from '../memory/require-memory.js';
import { openClips, trainingClips } from '../open-clips.js';
import type { RunSummary } from '../run-record.js';
import { forgetFailure, noteFailure } from '../runs/run-failure.js';
import { writeReport } from '../write-report.js';
import { initialState, requireEncoder } from './initial-state.js';
import { maskedExamples, maskedShare } from './masked-examples.js';
import { matpacMethod } from './matpac-method.js';
import type { Method } from './method.js';
import type { PretrainOptions } from './pretrain-options.js';
import { requireSameClips } from './require-same-clips.js';
import { resumeRun } from './resumable-run.js';
import { runTraining } from './run-training.js';
import { startRun } from './start-run.js';

/**
 * Pretrains on a folder of audio without labels, saves checkpoints and the encoder's weights, and writes the report.
 * A tensor backend must be running.
 *
 * @returns the outcome; `completed` is false when the signal stopped it
 * @throws FileError when another process trains in `out`; InputError when it holds a run of another
 * configuration or of other clips, or `init` or `method` does not fit; Error when no clip
 * can be used or the run diverges
 * @example
 * const config = await loadConfig({ preset: 'tiny', set: ['steps=1000'] });
 * const { completed } = await pretrain({ data: 'recordings', out: 'runs/first', config });
 */
export async function pretrain(options: PretrainOptions): Promise<RunSummary> {
  const { out, reporter } = options;
  const method = options.method ?? matpacMethod(options.config);
  await requireWritableFolder(out, 'out');
  if (options.method) requireEncoder(method, options.config);
  const lock = await lockRun(out, { option: 'out', onWarning: (message) => reporter?.warning?.(message) });
  try {
    return await pretrainIn(lock, method, options);
  } catch (error) {
    if (!options.signal?.aborted) await noteFailure(out, error);
    throw error;
  } finally {
    await lock.release();
  }
}

/** Everything that is written into the folder of the run, for the holder of its lock. */
async function pretrainIn(lock: FolderLock, method: Method, options: PretrainOptions): Promise<RunSummary> {
  const { data, dataName, out, init, backend, reporter, signal } = options;
  const resumed = await resumeRun({ ...{ data, out, init }, config: options.config, method: options.method?.name });
  const config = resumed?.config ?? options.config;
  if (!options.method) await requireMemory(config, { backend, reporter });
  // A checkpoint that does not fit is refused before any sound is read.
  if (resumed === undefined && init !== undefined) disposeTree(await initialState(method, config, { init }));
  const clips = await openClips({
    root: data,
    name: dataName,
    layout: config.data.dataset,
    ...trainingClips(config, method.views),
    backend,
    reporter,
    signal,
  });
  try {
    const { record, clips: digest } = resumed
      ? await requireSameClips(out, resumed, clips, options)
      : await startRun(options, clips);
    await forgetFailure(out);
    await writeJson(join(out, runFiles.environment), await describeEnvironment(backend));
    await writeJson(join(out, runFiles.examples), await maskedExamples(method, clips, config));
    reporter?.note?.(maskedShare(method, config));
    const summary = await runTraining(method, record, clips, { ...options, lock, digest });
    await writeJson(join(out, runFiles.summary), summary);
    await writeReport(out);
    return summary;
  } finally {
    await clips.store.close();
  }
}
