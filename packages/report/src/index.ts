export { type Line, bound, draw, lineChart, percent } from './charts.js';
export { type Html, html, trusted } from './html.js';
export { duration, renderReport } from './render-report.js';
export {
  type ReportData,
  type ReportNeighbours,
  type ReportProbe,
  type ReportScore,
  type ReportSound,
  type ReportSpectrogram,
  type SkippedFile,
} from './report-data.js';
export { spectrogramImage } from './spectrogram-image.js';
export { style } from './style.js';
export { trainingCharts } from './training-charts.js';
