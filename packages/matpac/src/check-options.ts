import { createMask, maskOptionSpecs, type MaskOptionName, type MaskOptions } from '@audio-ssl/masking';
import { patchGrid, type EncoderOptions } from '@audio-ssl/vit';
import type { MatpacOptions } from './options.js';

/**
 * What is known of the batches that a recipe is meant for; what is left out is not checked.
 *
 * @example
 * const data: MatpacData = { frames: 208, batchSize: 32, masking: { strategy: 'random', ratio: 0.7 } };
 */
export interface MatpacData {
  /** Frames per clip. */
  readonly frames?: number | undefined;
  /** Clips per update. */
  readonly batchSize?: number | undefined;
  /** How patches are masked. */
  readonly masking?: MaskOptions | undefined;
}

/**
 * An option that does not fit the others.
 *
 * @example
 * const problem: OptionProblem = { path: ['model', 'encoder', 'numHeads'], message: 'expected a divisor of embedDim 192, got 5' };
 */
export interface OptionProblem {
  /** The keys that lead to it: in the options, or `frames` and `masking` for the data. */
  readonly path: readonly string[];
  /** What was expected and what came. */
  readonly message: string;
}

/**
 * The rules between options: what the range of a single one cannot say. {@link trainStep} refuses options that break one.
 *
 * @param options a complete recipe.
 * @param data the frames, the batch and the masking that it is meant for, for the rules that they add.
 * @returns every rule that is broken; an empty list for options that work together.
 * @example
 * const [problem] = checkOptions({ model: sizes.tiny, ...variants.matpac }, { frames: 200 });
 * problem?.message; // "expected a multiple of the patch's 16 frames, got 200"
 */
export function checkOptions(
  options: MatpacOptions,
  { frames, batchSize, masking }: MatpacData = {},
): readonly OptionProblem[] {
  const { model, prediction, classification, memory } = options;
  const problems: OptionProblem[] = [];
  const refuse = (path: readonly string[], message: string): void => void problems.push({ path, message });

  const accumulation = memory?.accumulation ?? 1;
  if (batchSize !== undefined && batchSize % accumulation !== 0) {
    refuse(['memory', 'accumulation'], `expected a divisor of batchSize ${batchSize}, got ${accumulation}`);
  }
  if (frames !== undefined && frames % model.patch[1] !== 0) {
    refuse(['frames'], `expected a multiple of the patch's ${model.patch[1]} frames, got ${frames}`);
  }
  if (model.bins % model.patch[0] !== 0) {
    refuse(['model', 'patch'], `expected a height that divides ${model.bins} mel bins, got ${model.patch[0]}`);
  }
  for (const part of ['encoder', 'predictor'] as const) {
    for (const [key, message] of transformerProblems(model[part])) refuse(['model', part, key], message);
  }

  if (masking !== undefined) {
    for (const { path, message } of maskingProblems(masking)) refuse(path, message);
    // A grid is needed for the rest, and options of which a grid can be made.
    if (frames !== undefined && problems.length === 0) {
      try {
        createMask(masking)(patchGrid(model.bins, frames, model.patch), 1, () => 0.5);
      } catch (error) {
        refuse(['masking'], (error as Error).message);
      }
    }
  }

  const { targetLayers, loss, hypotheses } = prediction;
  const { depth } = model.encoder;
  if (hypotheses !== null && loss !== 'cosine') {
    refuse(['prediction', 'loss'], `expected cosine with prediction.hypotheses, got ${loss}`);
  }
  if (targetLayers !== 'all' && targetLayers > depth) {
    refuse(['prediction', 'targetLayers'], `expected at most the ${depth} blocks of the encoder, got ${targetLayers}`);
  }
  if (targetLayers !== 'all' && !(targetLayers >= 1)) {
    refuse(['prediction', 'targetLayers'], `expected a number of blocks from 1, or all, got ${targetLayers}`);
  }
  if (!(prediction.weight > 0 || classification.weight > 0)) {
    refuse(['prediction', 'weight'], 'expected a weight above 0 here or in classification.weight, got 0 in both');
  }
  return problems;
}

function transformerProblems({ embedDim, numHeads, mlpRatio = 4 }: EncoderOptions): [key: string, message: string][] {
  const problems: [string, string][] = [];
  if (embedDim % numHeads !== 0) {
    problems.push(['numHeads', `expected a divisor of embedDim ${embedDim}, got ${numHeads}`]);
  }
  if (Math.round(embedDim * mlpRatio) < 1) {
    const got = `${mlpRatio} of embedDim ${embedDim}`;
    problems.push(['mlpRatio', `expected a hidden layer of at least one unit, got ${got}`]);
  }
  if (embedDim % 4 !== 0) problems.push(['embedDim', `expected a multiple of 4, got ${embedDim}`]);
  return problems;
}

function maskingProblems(masking: MaskOptions): OptionProblem[] {
  return Object.keys(masking).flatMap((key) => {
    if (!Object.hasOwn(maskOptionSpecs, key)) return [];
    const { strategies } = maskOptionSpecs[key as MaskOptionName];
    if (strategies.includes(masking.strategy)) return [];
    const message = `expected only with masking.strategy ${strategies.join(' or ')}, which is ${masking.strategy}`;
    return [{ path: ['masking', key], message }];
  });
}
