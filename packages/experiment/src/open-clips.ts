import { logMelPresets } from '@audio-ssl/audio-frontend';
import type { StartedBackend } from '@audio-ssl/backend';
import {
  layouts,
  openLogMels,
  type Dataset,
  type LayoutName,
  type LogMelStore,
  type Piece,
  type Skipped,
  type SoundNotice,
} from '@audio-ssl/datasets';
import { countedCauses, noticeSentences } from '@audio-ssl/report';
import { basename } from 'node:path';
import { beginStage } from './begin-stage.js';
import { logMelFolder } from './cache-folders.js';
import type { Config } from './config/config-schema.js';
import { chunkFramesOf, pieceFramesOf } from './features.js';
import { nothingUsable } from './nothing-usable.js';
import type { Reporter } from './reporter.js';
import type { DecidedSoundSettings, SoundSettings } from './sound-settings.js';

/** A data set whose log-mels are ready. */
export interface OpenClips {
  /** What the layout lists. */
  readonly dataset: Dataset;
  /** The layout. */
  readonly layout: LayoutName;
  /** The caller closes it. */
  readonly store: LogMelStore;
  /** Indices of the clips that could be read and are long enough. */
  readonly kept: readonly number[];
  /** Their pieces in order: a clip that is not longer than a segment and a half is one. */
  readonly pieces: readonly Piece[];
  /** What is left out, and why: what the layout found and cannot be a clip, and clips that cannot be used. */
  readonly skipped: readonly Skipped[];
  /** What is odd about sounds that are used. */
  readonly notices: readonly SoundNotice[];
}

/** The options of {@link openClips}. */
export interface OpenClipsOptions extends SoundSettings {
  /** The folder of the data set. */
  readonly root: string;
  /** Its layout. */
  readonly layout: LayoutName;
  /** What reports call it; by default as the data set calls itself. */
  readonly name?: string | undefined;
  /** How log-mels are computed. */
  readonly frontEnd: keyof typeof logMelPresets;
  /** Threads that compute them. */
  readonly workers: number;
  /** Frames of a piece of a longer clip; by default a clip is never cut. */
  readonly segmentFrames?: number | undefined;
  /** Clips with fewer frames are skipped and listed. */
  readonly minFrames?: number | undefined;
  /** What `startBackend` returned; its cache keeps the log-mels. */
  readonly backend?: StartedBackend | undefined;
  readonly reporter?: Reporter | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What {@link openClips} takes of a configuration. */
export type ClipSettings = DecidedSoundSettings &
  Pick<OpenClipsOptions, 'frontEnd' | 'workers' | 'segmentFrames' | 'minFrames'>;

/**
 * How clips are opened so that a run is trained on them: cut at `data.segment`, and with the frames that a crop needs where
 * shorter ones are dropped.
 *
 * @param views crops of a clip that a batch takes side by side
 * @example
 * const clips = await openClips({ root: 'recordings', layout: 'folder', ...trainingClips(config) });
 */
export function trainingClips({ data }: Pick<Config, 'data'>, views = 1): ClipSettings {
  const { frontEnd, workers, channel, damaged, ffmpeg, segment, shortClips } = data;
  const crop = views * data.cropFrames;
  const { sampleRate, hopLength } = logMelPresets[frontEnd];
  return {
    ...{ frontEnd, workers, channel, damaged, ffmpeg },
    // The shortest piece is half a segment, and holds a crop.
    segmentFrames: segment === null ? undefined : Math.max(Math.round((segment * sampleRate) / hopLength), 2 * crop),
    minFrames: shortClips === 'drop' ? crop : undefined,
  };
}

/**
 * How clips are opened so that features are taken of them: long ones in pieces of whole chunks, so that the features are
 * those of the whole.
 *
 * @example
 * const clips = await openClips({ root: 'ESC-50-master', layout: 'esc50', ...featureClips(config) });
 */
export function featureClips({ data, model }: Pick<Config, 'data' | 'model'>): ClipSettings {
  const { frontEnd, workers, channel, damaged, ffmpeg } = data;
  return { frontEnd, workers, channel, damaged, ffmpeg, segmentFrames: pieceFramesOf(chunkFramesOf(model.patch)) };
}

/**
 * Opens a data set and makes its log-mels. Files that cannot be used are skipped and listed; what is odd about others is
 * reported.
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
  segmentFrames,
  channel = 'mean',
  damaged = 'refuse',
  ffmpeg = true,
  minFrames = 1,
  backend,
  reporter,
  signal,
}: OpenClipsOptions): Promise<OpenClips> {
  const opened = await layouts[layout].open(root);
  const dataset = name === undefined ? opened : { ...opened, name };
  const cacheDir = logMelFolder(backend);
  const store = await openLogMels(dataset.clips, {
    logMel: logMelPresets[frontEnd],
    ...{ channel, damaged, ffmpeg, segmentFrames: segmentFrames ?? null },
    ...(cacheDir !== undefined && { cacheDir }),
    workers,
    minFrames,
    shortClipNext: 'pad it with `data.shortClips=pad`, or take shorter crops (data.cropFrames)',
    onWarning: (message) => reporter?.warning?.(message),
  });
  try {
    const progress = beginStage(reporter, 'log-mels', dataset.clips.length);
    const { kept, pieces, skipped, notices } = await store.prepareAll({
      onProgress: ({ done, skipped: bad, detail }) =>
        progress(done, [bad > 0 ? `${bad} skipped` : '', detail ?? ''].filter(Boolean).join(', ') || undefined),
      ...(signal && { signal }),
    });
    const all = [...dataset.skipped, ...skipped];
    if (all.length > 0) reporter?.note?.(`${root}: ${countedCauses(all, 'skipped')}`);
    reportNotices(notices, reporter);
    return { dataset, layout, store, kept, pieces, skipped: all, notices };
  } catch (error) {
    await store.close();
    if (store.skipped.length === dataset.clips.length) {
      const lost = dataset.skipped.filter(({ passedOver }) => !passedOver);
      throw nothingUsable([...lost, ...store.skipped], { where: root });
    }
    throw error;
  }
}

/** Tells what is odd about sounds, in a sentence for each kind of it: warnings, but for what ffmpeg reads. */
export function reportNotices(notices: readonly SoundNotice[], reporter: Reporter | undefined): void {
  const named = notices.map((notice) => ({ ...notice, path: basename(notice.path) }));
  const isNote = ({ kind }: SoundNotice): boolean => kind === 'through ffmpeg';
  for (const sentence of noticeSentences(named.filter(isNote))) reporter?.note?.(sentence);
  for (const sentence of noticeSentences(named.filter((notice) => !isNote(notice)))) reporter?.warning?.(sentence);
}
