export { bound, duration, type MeanInterval, percent, percentWithInterval, signedPoints } from './format.js';
export { renderMarkdown, resultTables } from './render-markdown.js';
export { renderReport } from './render-report.js';
export { renderSuite } from './render-suite.js';
export {
  type ReportData,
  type ReportDataset,
  type ReportNeighbours,
  type ReportProbe,
  type ReportScore,
  type ReportSound,
  type ReportSpectrogram,
  type SkippedFile,
  type SoundWarning,
} from './report-data.js';
export { abbreviate, countedCauses, noticeSentences } from './skipped-files.js';
export { type DrawnSpectrogram, type HiddenPatches, spectrogramImage } from './spectrogram-image.js';
export {
  type Difference,
  type Published,
  type RowResult,
  type RowScore,
  type SuiteReport,
  type SuiteResults,
  type SuiteRun,
  type Verdict,
} from './suite-report.js';
