import { logMelPresets } from '@audio-ssl/audio-frontend';
import type { StartedBackend } from '@audio-ssl/backend';
import {
  layouts,
  openLogMels,
  type Dataset,
  type LayoutName,
  type LogMelStore,
  type Skipped,
} from '@audio-ssl/datasets';
import { beginStage } from './begin-stage.js';
import { logMelFolder } from './cache-folders.js';
import type { Config } from './config/config-schema.js';
import type { Reporter } from './reporter.js';
import { undecodableFiles } from './undecodable-files.js';

/** A data set whose log-mels are ready. */
export interface OpenClips {
  readonly dataset: Dataset;
  readonly layout: LayoutName;
  /** The caller closes it. */
  readonly store: LogMelStore;
  /** Indices of the clips that could be read and are long enough. */
  readonly kept: readonly number[];
  /** The clips that are left out, and why. */
  readonly skipped: readonly Skipped[];
}

/** The options of {@link openClips}. */
export interface OpenClipsOptions {
  /** The folder of the data set. */
  readonly root: string;
  readonly layout: LayoutName;
  /** What reports call it; by default as the data set calls itself. */
  readonly name?: string | undefined;
  /** How log-mels are computed. */
  readonly frontEnd: keyof typeof logMelPresets;
  /** Threads that compute them. */
  readonly workers: number;
  /** Clips with fewer frames are skipped and listed. */
  readonly minFrames?: number | undefined;
  /** What `startBackend` returned; its cache keeps the log-mels. */
  readonly backend?: StartedBackend | undefined;
  readonly reporter?: Reporter | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Frames that a clip needs so that a run is trained on it; undefined where shorter ones are padded.
 *
 * @param views crops of a clip that a batch takes side by side
 * @example
 * const clips = await openClips({ ...options, minFrames: leastFrames(config) });
 */
export function leastFrames({ data: { shortClips, cropFrames } }: Config, views = 1): number | undefined {
  return shortClips === 'drop' ? views * cropFrames : undefined;
}

/**
 * Opens a data set and makes its log-mels. Damaged files are skipped and listed; audio that cannot be decoded is reported.
 *
 * @returns an open store, which the caller closes
 * @throws Error when the folder is not in the layout, no clip can be used, or with the signal's reason when it is aborted
 * @example
 * const clips = await openClips({ root: 'notes', layout: 'nsynth', frontEnd: 'matpac', workers: 2 });
 * await clips.store.close();
 */
export async function openClips({
  root,
  layout,
  name,
  frontEnd,
  workers,
  minFrames = 1,
  backend,
  reporter,
  signal,
}: OpenClipsOptions): Promise<OpenClips> {
  const opened = await layouts[layout].open(root);
  const dataset = name === undefined ? opened : { ...opened, name };
  const leftOut = undecodableFiles(dataset);
  if (leftOut !== undefined) reporter?.warning?.(`${root}: ${leftOut}`);
  const cacheDir = logMelFolder(backend);
  const store = await openLogMels(dataset.clips, {
    logMel: logMelPresets[frontEnd],
    ...(cacheDir !== undefined && { cacheDir }),
    workers,
    minFrames,
    shortClipNext: 'pad it (data.shortClips=pad), or take shorter crops (data.cropFrames)',
    onWarning: (message) => reporter?.warning?.(message),
  });
  try {
    const progress = beginStage(reporter, 'log-mels', dataset.clips.length);
    const { kept, skipped } = await store.prepareAll({
      onProgress: ({ done, skipped: bad }) => progress(done, bad > 0 ? `${bad} skipped` : undefined),
      ...(signal && { signal }),
    });
    return { dataset, layout, store, kept, skipped };
  } catch (error) {
    await store.close();
    throw error;
  }
}
