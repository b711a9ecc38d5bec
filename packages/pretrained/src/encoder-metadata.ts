import type { TensorFile } from '@audio-ssl/tensor-files';
import type { Patch } from '@audio-ssl/vit';
import { frontEnds, type FrontEnd } from './front-ends.js';

/** What the tensors of an encoder do not tell of it, and its features depend on. */
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
  /** Frames of a crop in training, which no feature depends on. */
  readonly cropFrames?: number | undefined;
  /** The method that trained it, which no feature depends on. */
  readonly variant?: string | undefined;
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
  return metadataOf({ ...facts, logMel: JSON.stringify(frontEnds[facts.frontEnd]) });
}

function metadataOf(facts: Partial<EncoderFacts> & { readonly logMel?: string }): Record<string, string> {
  const { patch, ...others } = facts;
  const stated = Object.entries({ ...(patch && { patch: patch.join('x') }), ...others });
  return Object.fromEntries(stated.flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])));
}

/**
 * A file with what its caller knows of the encoder in it and the file does not state.
 *
 * @throws Error where the file states something else
 */
export function withFacts(file: TensorFile, facts: Partial<EncoderFacts> = {}): TensorFile {
  const given = Object.entries(metadataOf(facts));
  for (const [key, value] of given) {
    const stated = file.values.get(key);
    if (stated !== undefined && String(stated) !== value && Number(stated) !== Number(value))
      throw new Error(
        `loadModel: ${file.name} states ${key} ${String(stated).slice(0, 100)}, and \`${key === 'numHeads' ? key : 'facts'}\` says ${value}; leave it out`,
      );
  }
  return given.length === 0 ? file : { ...file, values: new Map([...file.values, ...given]) };
}
