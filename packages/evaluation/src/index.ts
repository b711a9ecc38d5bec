export { accuracy, confusionMatrix } from './accuracy.js';
export {
  bootstrapInterval,
  bootstrapMetric,
  pairedBootstrap,
  studentInterval,
  type BootstrapOptions,
  type Interval,
} from './bootstrap.js';
export { createPooler, type Pooler } from './create-pooler.js';
export type { CrossValidationOptions, FoldResult, ProbeSetting } from './cross-validation.js';
export type { Features, Groups } from './features.js';
export { fewShotProbe, type FewShotOptions } from './few-shot-probe.js';
export { groupFolds } from './group-folds.js';
export { linearProbe, type LinearProbeOptions, type ProbeResult } from './linear-probe.js';
export { createLogMelDescriber, describeLogMel, type LogMel, type LogMelDescriber } from './describe-log-mel.js';
export { multiLabelProbe, type MultiLabelProbeOptions, type MultiLabelResult } from './multi-label-probe.js';
export { knnAccuracy, nearestNeighbours, type KnnOptions, type NeighbourOptions } from './nearest-neighbours.js';
export { buildIndex, search, type IndexOptions, type NeighbourIndex, type Neighbours } from './neighbour-index.js';
export type { MultiLabels } from './objectives.js';
export { poolFrames } from './pool-frames.js';
export { poolings, type Pooling } from './poolings.js';
export {
  defaultGrid,
  probeProtocols,
  type ExactProtocol,
  type GradientCandidate,
  type GradientProtocol,
  type ProbeProtocol,
  type ProbeProtocolName,
} from './probe-protocols.js';
export {
  averagePrecision,
  dPrime,
  meanAveragePrecision,
  meanRocAuc,
  rocAuc,
  type MacroMetric,
  type MultiLabelScores,
} from './ranking-metrics.js';
export { alignment, rankMe, uniformity } from './representation.js';
export type { Scaler } from './scaler.js';
