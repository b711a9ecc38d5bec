export { ablate, type Ablated, type AblateOptions } from './ablate/ablate.js';
export { runCli } from './cli.js';
export { configDifferences } from './config/config-differences.js';
export { configMessages, configKeys, expected, type KeySchema } from './config/config-messages.js';
export { configSchema, matpacOptions, type Config, type ProbePooling } from './config/config-schema.js';
export { loadConfig, parseConfig, type ConfigSources } from './config/load-config.js';
export { classify, type Classified, type ClassifyOptions } from './classify.js';
export { conversionTable, convert, type Converted, type ConvertOptions } from './convert.js';
export { embed, type Embedded, type EmbedOptions, type FailedFile } from './embed.js';
export { isInterrupt, withInterrupts } from './interrupts.js';
export type { DatasetLayout } from './open-clips.js';
export { begunRun, pretrain, type PretrainOptions } from './pretrain.js';
export { probe, probeSummary, readProbes, type ProbeOptions } from './probe.js';
export { renderReport } from './report/render-report.js';
export type {
  ReportData,
  ReportNeighbours,
  ReportProbe,
  ReportScore,
  ReportSound,
  ReportSpectrogram,
  SkippedFile,
} from './report/report-data.js';
export type { RunRecord, RunSummary } from './run-record.js';
export { doctorReport, setupBackend, type SetupBackendOptions } from './setup-backend.js';
export { startForTraining } from './start-for-training.js';
export { printError, UserError } from './user-error.js';
export { writeReport } from './write-report.js';
