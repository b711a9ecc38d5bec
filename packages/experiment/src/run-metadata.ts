import { encoderMetadata } from '@audio-ssl/pretrained';
import type { Config } from './config/config-schema.js';
import { chunkFramesOf, type Standardization } from './features.js';

/**
 * What features of a run depend on besides its weights; every file of the run that holds its encoder carries it as metadata:
 * the weights, and each checkpoint.
 */
export function runMetadata({ model, data }: Config, { mean, std }: Standardization): Record<string, string> {
  return encoderMetadata({
    patch: model.patch,
    bins: model.bins,
    numHeads: model.encoder.numHeads,
    frontEnd: data.frontEnd,
    mean,
    std,
    chunkFrames: chunkFramesOf(model.patch),
    cropFrames: data.cropFrames,
  });
}
