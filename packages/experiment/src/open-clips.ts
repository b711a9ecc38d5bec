import { logMelPresets } from '@audio-ssl/audio-frontend';
import { cacheFolder } from '@audio-ssl/backend';
import {
  type Dataset,
  type LogMelStore,
  openEsc50,
  openFolder,
  openLogMels,
  openNsynth,
  type Skipped,
} from '@audio-ssl/datasets';
import { join } from 'node:path';
import type { Config } from './config/config-schema.js';
import { startProgress } from './progress.js';
import { undecodableFiles } from './undecodable-files.js';

/** Layouts of a data folder. */
export type DatasetLayout = 'folder' | 'esc50' | 'nsynth';

/** A data set whose log-mels are ready. */
export interface OpenClips {
  readonly dataset: Dataset;
  readonly store: LogMelStore;
  /** Indices of the clips that could be read and are long enough. */
  readonly kept: readonly number[];
  readonly skipped: readonly Skipped[];
}

/** What {@link openClips} opens. */
export interface OpenClipsOptions {
  readonly root: string;
  readonly layout: DatasetLayout;
  /** What reports call it; by default as the data set calls itself. */
  readonly name?: string | undefined;
  readonly frontEnd: keyof typeof logMelPresets;
  readonly workers: number;
  /** Clips with fewer frames are skipped and listed. */
  readonly minFrames?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Frames that a clip needs for a run to be trained on it; undefined where shorter ones are padded. */
export function leastFrames({ data: { shortClips, cropFrames } }: Config): number | undefined {
  return shortClips === 'drop' ? cropFrames : undefined;
}

const openers = { folder: openFolder, esc50: openEsc50, nsynth: openNsynth };

/** Opens a data set and makes its log-mels, with a progress bar; damaged files are skipped and told. */
export async function openClips({
  root,
  layout,
  name,
  frontEnd,
  workers,
  minFrames = 1,
  signal,
}: OpenClipsOptions): Promise<OpenClips> {
  const opened = await openers[layout](root);
  const dataset = name === undefined ? opened : { ...opened, name };
  const leftOut = undecodableFiles(dataset);
  if (leftOut !== undefined) console.error(`${root}: ${leftOut}`);
  const store = await openLogMels(dataset.clips, {
    logMel: logMelPresets[frontEnd],
    cacheDir: join(cacheFolder(), 'log-mels'),
    workers,
    minFrames,
    shortClipNext: 'pad it (data.shortClips=pad), or take shorter crops (data.cropFrames)',
  });
  const progress = startProgress('log-mels', dataset.clips.length);
  try {
    const { kept, skipped } = await store.prepareAll({
      onProgress: ({ done, skipped: bad }) => progress.update(done, bad > 0 ? `${bad} skipped` : ''),
      ...(signal && { signal }),
    });
    return { dataset, store, kept, skipped };
  } catch (error) {
    await store.close();
    throw error;
  } finally {
    progress.stop();
  }
}
