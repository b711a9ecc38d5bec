export { authorsName, type AuthorsName } from './authors-names.js';
export { classProbabilities, readClassHead, type Activation, type ClassHead } from './class-head.js';
export {
  convertCheckpoint,
  type Conversion,
  type ConversionOptions,
  type ConversionRow,
} from './convert-checkpoint.js';
export { encoderMetadata, type EncoderFacts } from './encoder-metadata.js';
export {
  createExtractor,
  MATPAC_STANDARDIZATION,
  type Compiler,
  type Extractor,
  type ExtractorOptions,
  type FrameFeatures,
} from './extractor.js';
export {
  headTasks,
  taskOf,
  topLabels,
  type HeadTask,
  type HeadTaskName,
  type LabelledProbability,
} from './head-tasks.js';
export { loadModel, type LoadModelOptions, type ModelSettings, type PretrainedModel } from './load-model.js';
export { loadState, type LoadedState } from './load-state.js';
export type { FrontEnd } from './front-ends.js';
export { openModel, withExtractors, type ModelSource, type OpenedModel } from './open-model.js';
export type { Naming } from './name-tables.js';
export { recognise, type RecogniseOptions, type Mapped, type Recognised, type RecognisedEncoder } from './recognise.js';
export { soundStream, type ReadableSound, type Sound, type SoundStream } from './sound-stream.js';
