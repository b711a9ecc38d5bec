export { classify, type Classified, type ClassifyOptions } from './classify.js';
export { configDifferences } from './config/config-differences.js';
export { configKeys, configMessages, expected, type KeySchema } from './config/config-messages.js';
export { configSchema, matpacOptions, type Config, type ProbePooling } from './config/config-schema.js';
export { loadConfig, parseConfig, type ConfigSources } from './config/load-config.js';
export { continuedConfig, parseSavedConfig } from './config/saved-config.js';
export { convert, type Converted, type ConvertOptions } from './convert.js';
export { embed, type Embedded, type EmbedOptions, type FailedFile } from './embed/embed.js';
export { loadEncoder, type LoadEncoderOptions } from './encoder-weights.js';
export { describeEnvironment } from './environment.js';
export {
  clipFeatures,
  logMelFeatures,
  runExtractor,
  type ClipFeaturesOptions,
  type Standardization,
} from './features.js';
export { InputError } from './input-error.js';
export { type Layers } from './layers.js';
export {
  type ClipSettings,
  featureClips,
  openClips,
  type OpenClips,
  type OpenClipsOptions,
  trainingClips,
} from './open-clips.js';
export { openRunModel, type OpenRunModelOptions, type RunModel } from './open-run-model.js';
export { initialEncoder } from './pretrain/initial-state.js';
export { matpacMethod } from './pretrain/matpac-method.js';
export { type BatchShape, type Method, type MethodScalars } from './pretrain/method.js';
export { type PretrainOptions } from './pretrain/pretrain-options.js';
export { pretrain } from './pretrain/pretrain.js';
export { replay, type Replayed, type ReplayOptions, type TensorFigures } from './pretrain/replay.js';
export { resumableRun } from './pretrain/resumable-run.js';
export { timeSteps, type TimeStepsOptions } from './pretrain/time-steps.js';
export { fitProbe, type Fitted, type ProbeMethods, type StageOptions } from './probe/probe-methods.js';
export { probe, readProbes, type ProbeOptions } from './probe/probe.js';
export { probeFeatures, type ProbedFeatures, type ProbeFeaturesOptions } from './probe/probe-features.js';
export { probeSummary } from './probe/probe-summary.js';
export { probeTask, type ProbeTask } from './probe/probe-task.js';
export { quote } from './quote.js';
export { readLabels } from './read-labels.js';
export { type Reporter } from './reporter.js';
export { readRunLog, readRunNotes, type RunLogRow, type RunNote } from './run-log.js';
export { readRunRecord, type DataChange, type RunRecord, type RunSummary } from './run-record.js';
export { type DecidedSoundSettings, type SoundSettings } from './sound-settings.js';
export { type BestProbe, type ListedRun, listRuns, type RunState } from './runs/list-runs.js';
export { writeReport } from './write-report.js';
