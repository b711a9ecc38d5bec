export { attend, initAttention, type Attention } from './attention.js';
export { dropClassToken, prependClassToken } from './class-token.js';
export {
  encodeSpectrogram,
  encodeSpectrogramLayers,
  frequencyConcat,
  initSpectrogramEncoder,
  type EncodeSpectrogramOptions,
  type SpectrogramEncoder,
} from './encode-spectrogram.js';
export {
  encode,
  encodeLayers,
  initEncoder,
  runBlock,
  type Block,
  type Encoder,
  type EncodeOptions,
  type EncoderOptions,
} from './encoder.js';
export { maskedBatch, type MaskedBatch } from './masked-batch.js';
export { embedPatches, initPatchEmbed, patchGrid, patchify, type Patch, type PatchEmbed } from './patches.js';
export { sinCosPositions, sinCosTable } from './positions.js';
export { initPredictor, predict, type Predictor, type PredictorOptions } from './predictor.js';
export { takeTokens } from './take-tokens.js';
