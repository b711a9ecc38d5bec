import type { Patch } from '@audio-ssl/vit';
import type { FrontEnd } from './model-settings.js';

/** What the tensors of an encoder do not tell of it. */
export interface EncoderFacts {
  readonly patch: Patch;
  /** Mel bins of the front end. */
  readonly bins: number;
  /** Attention heads; left out where they are not known. */
  readonly numHeads?: number | undefined;
  readonly frontEnd: FrontEnd;
  /** Mean and standard deviation of the log-mels that it was trained with. */
  readonly mean: number;
  readonly std: number;
  /** Frames that are encoded at once. */
  readonly chunkFrames: number;
}

/**
 * The metadata of a file that holds an encoder, so that {@link loadModel} needs no options.
 *
 * @example
 * writeSafetensors(await fromTensors(leaves(encoder)), encoderMetadata({
 *   patch: [16, 16], bins: 80, numHeads: 12, frontEnd: 'matpac', mean: -7.056, std: 4.193, chunkFrames: 608,
 * }));
 */
export function encoderMetadata(facts: EncoderFacts): Record<string, string> {
  const { patch, bins, numHeads, frontEnd, mean, std, chunkFrames } = facts;
  return {
    patch: patch.join('x'),
    bins: String(bins),
    ...(numHeads !== undefined && { numHeads: String(numHeads) }),
    frontEnd,
    mean: String(mean),
    std: String(std),
    chunkFrames: String(chunkFrames),
  };
}
