import { logMelStatistics } from '@audio-ssl/datasets';
import { runFiles, writeJson } from '@audio-ssl/trainer';
import { join, resolve } from 'node:path';
import { beginStage } from '../begin-stage.js';
import type { Config } from '../config/config-schema.js';
import type { Standardization } from '../features.js';
import type { OpenClips } from '../open-clips.js';
import type { RunRecord } from '../run-record.js';
import { digestOf, listClips, writeClipList, type ClipsDigest } from './clip-list.js';
import type { PretrainOptions } from './pretrain-options.js';
import { stepsWithin } from './time-steps.js';

/** Measures what the configuration leaves open and writes the record of a new run and the list of its clips. */
export async function startRun(
  { data, out, config, init, method, command, backend, reporter, signal }: PretrainOptions,
  clips: OpenClips,
): Promise<{ readonly record: RunRecord; readonly clips: ClipsDigest }> {
  const { mean, std } = await standardization(config, clips, { reporter, signal });
  const steps =
    config.minutes === null
      ? config.steps
      : await stepsWithin(config.minutes, { config, clips, mean, std, method, backend, signal });
  const record: RunRecord = {
    config,
    ...(method && { method: method.name }),
    data: resolve(data),
    ...(init !== undefined && { init: resolve(init) }),
    ...(command !== undefined && { command }),
    started: new Date().toISOString(),
    measured: { steps, mean, std },
  };
  const list = await listClips(clips);
  await writeClipList(out, list);
  await writeJson(join(out, runFiles.config), record);
  return { record, clips: digestOf(list) };
}

async function standardization(
  { data: { mean, std } }: Config,
  { store, pieces }: OpenClips,
  { reporter, signal }: Pick<PretrainOptions, 'reporter' | 'signal'>,
): Promise<Standardization> {
  if (typeof mean === 'number' && typeof std === 'number') return { mean, std };
  const progress = beginStage(reporter, 'statistics', pieces.length);
  const measured = await logMelStatistics(store, pieces, {
    onProgress: ({ done }) => progress(done),
    ...(signal && { signal }),
  });
  return { mean: mean === 'dataset' ? measured.mean : mean, std: std === 'dataset' ? measured.std : std };
}
