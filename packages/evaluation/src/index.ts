export { accuracy, confusionMatrix } from './accuracy.js';
export { bootstrapInterval, pairedBootstrap, type BootstrapOptions, type Interval } from './bootstrap.js';
export type { Features, Groups } from './features.js';
export { groupFolds } from './group-folds.js';
export {
  defaultGrid,
  linearProbe,
  type FoldResult,
  type LinearProbeOptions,
  type ProbeResult,
} from './linear-probe.js';
export { logMelStatistics, type LogMel } from './log-mel-statistics.js';
export {
  knnAccuracy,
  nearestNeighbours,
  type KnnOptions,
  type NeighbourOptions,
  type Neighbours,
} from './nearest-neighbours.js';
export { poolFrames, type Pooling } from './pool-frames.js';
export {
  averagePrecision,
  dPrime,
  meanAveragePrecision,
  meanRocAuc,
  rocAuc,
  type MacroMetric,
  type MultiLabelScores,
} from './ranking-metrics.js';
