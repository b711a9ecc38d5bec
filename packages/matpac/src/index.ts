export { authorsName, type AuthorsName } from './authors-names.js';
export { makeBatch, type MatpacBatch } from './batch.js';
export { classify, readClassHead, type Activation, type ClassHead } from './class-head.js';
export { signsOfCollapse } from './collapse.js';
export {
  convertCheckpoint,
  type Conversion,
  type ConversionOptions,
  type ConversionRow,
} from './convert-checkpoint.js';
export {
  createExtractor,
  MATPAC_STANDARDIZATION,
  type Compiler,
  type Extractor,
  type ExtractorOptions,
  type FrameFeatures,
  type Sound,
} from './extractor.js';
export { factors, withSettings, type Factor, type FactorName, type Setting } from './factors.js';
export {
  classLogits,
  fineTuneSchedule,
  fineTuneStep,
  initFineTuning,
  type Classifier,
  type FineTuneBatch,
  type FineTuneOptions,
  type FineTuneScalars,
  type FineTuneState,
} from './fine-tune.js';
export { loadModel, type LoadModelOptions, type ModelSettings, type PretrainedModel } from './load-model.js';
export { loadState, type LoadedState } from './load-state.js';
export { maskStrategies, type MaskStrategyName } from './mask-strategies.js';
export { matpacLoss, type StudentOutputs } from './matpac-loss.js';
export { forwardMetrics, spread, type MatpacMetrics } from './metrics.js';
export {
  hasHead,
  type ClassificationOptions,
  type HypothesesOptions,
  type MaskingOptions,
  type MatpacOptions,
  type MemoryOptions,
  type ModelOptions,
  type OptimizerOptions,
  type PredictionOptions,
  type DecayRange,
  type Range,
  type TeacherOptions,
} from './options.js';
export type { Naming } from './name-tables.js';
export { recognise, type Mapped, type Recognised, type RecognisedEncoder } from './recognise.js';
export { sizes, type Size } from './sizes.js';
export { schedule, type MatpacScalars, type MatpacSchedule } from './schedule.js';
export { hasCenter, initMatpac, type MatpacState, type Student, type Teacher } from './state.js';
export { teacherTargets, type Targets } from './teacher-targets.js';
export { taskOf, tasks, topLabels, type LabelledProbability, type Task, type TaskName } from './tasks.js';
export { trainStep, type MatpacStep } from './train-step.js';
export { REFERENCE_STEPS, variants, variantSources, type Variant, type VariantName } from './variants.js';
