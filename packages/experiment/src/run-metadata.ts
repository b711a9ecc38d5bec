import { encoderMetadata } from '@audio-ssl/pretrained';
import type { Config } from './config/config-schema.js';
import { chunkFramesOf, type Standardization } from './features.js';

/** What features of a run depend on besides its weights; their file carries it as metadata. */
export function runMetadata({ model, data }: Config, { mean, std }: Standardization): Record<string, string> {
  return encoderMetadata({
    patch: model.patch,
    bins: model.bins,
    numHeads: model.encoder.numHeads,
    frontEnd: data.frontEnd,
    mean,
    std,
    chunkFrames: chunkFramesOf(model.patch),
  });
}
