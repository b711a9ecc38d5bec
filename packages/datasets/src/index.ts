export type { Clip, Dataset, DatasetLayout } from './dataset.js';
export { detectLayout, labelledLayouts, layoutNames, layouts, type LayoutName } from './layouts.js';
export { openFolder } from './open-folder.js';
export { isEsc50, openEsc50 } from './open-esc50.js';
export { openNsynth, type NsynthOptions } from './open-nsynth.js';
export {
  openLogMels,
  SkippedClipError,
  type LogMelStore,
  type LogMelStoreOptions,
  type Piece,
  type Prepared,
  type PrepareProgress,
  type WorkOptions,
} from './log-mel-store.js';
export type { Skipped } from './skip-reason.js';
export type { SoundNotice, SoundNoticeKind } from './sound-notice.js';
export { createBatches, type Batch, type Batches, type BatchOptions } from './create-batches.js';
export { howFar } from './how-far.js';
export { orAborted } from './or-aborted.js';
export { markedUtf16, textEncoding, type TextEncoding } from './text-encoding.js';
export { logMelStatistics, type LogMelStatistics, type StatisticsOptions } from './log-mel-statistics.js';
export { readTable, type TableOptions, type TableRow } from './read-table.js';
