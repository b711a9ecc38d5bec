export { authorsName, type AuthorsName } from './authors-names.js';
export { makeBatch, type MatpacBatch } from './batch.js';
export {
  createExtractor,
  MATPAC_STANDARDIZATION,
  type Extractor,
  type ExtractorOptions,
  type FrameFeatures,
} from './extractor.js';
export { factors, withSettings, type Factor, type FactorName, type Setting } from './factors.js';
export { maskStrategies, type MaskStrategyName } from './mask-strategies.js';
export { matpacLoss, type StudentOutputs } from './matpac-loss.js';
export { forwardMetrics, spread, type MatpacMetrics } from './metrics.js';
export {
  hasHead,
  type ClassificationOptions,
  type HypothesesOptions,
  type MaskingOptions,
  type MatpacOptions,
  type ModelOptions,
  type OptimizerOptions,
  type PredictionOptions,
  type Range,
  type TeacherOptions,
} from './options.js';
export { sizes, type Size } from './sizes.js';
export { schedule, type MatpacScalars, type MatpacSchedule } from './schedule.js';
export { hasCenter, initMatpac, type MatpacState, type Student, type Teacher } from './state.js';
export { teacherTargets, type Targets } from './teacher-targets.js';
export { trainStep, type MatpacStep } from './train-step.js';
export { REFERENCE_STEPS, variants, type Variant, type VariantName } from './variants.js';
