export { makeBatch, type MatpacBatch } from './batch.js';
export { checkOptions, type MatpacData, type OptionProblem } from './check-options.js';
export { signsOfCollapse } from './collapse.js';
export { estimateMemory, type BatchSize, type StepMemory } from './estimate-memory.js';
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
export { matpacLoss, type StudentOutputs } from './matpac-loss.js';
export { forwardMetrics, spread, type MatpacMetrics } from './metrics.js';
export {
  hasHead,
  type ClassificationOptions,
  type HypothesesOptions,
  type MatpacOptions,
  type MemoryOptions,
  type ModelOptions,
  type OptimizerOptions,
  type PredictionOptions,
  type DecayRange,
  type Range,
  type TeacherOptions,
} from './options.js';
export { sizes, type Size } from './sizes.js';
export { schedule, type MatpacScalars, type MatpacSchedule } from './schedule.js';
export { hasCenter, initMatpac, type MatpacState, type Student, type Teacher } from './state.js';
export { teacherTargets, type Targets } from './teacher-targets.js';
export { trainStep, updateTeacher, type MatpacStep } from './train-step.js';
export { REFERENCE_STEPS, variants, variantSources, type Variant, type VariantName } from './variants.js';
