import { leaves, randomStream } from '@audio-ssl/params';
import type { Shaped } from '@audio-ssl/tensor-files';
import { initSpectrogramEncoder, type SpectrogramEncoder } from '@audio-ssl/vit';
import type { RecognisedEncoder } from './recognise.js';

// Sizes of a template, all different, three times the width included: each shows which size it represents.
const WIDTH = 8;
const HIDDEN = 5;
const PATCH = 7;

/** The structure of an encoder without its memory: a damaged file may ask for any size. */
export interface EncoderTemplate {
  /** Leaves of a few bytes; it is the caller's to dispose. */
  readonly tree: SpectrogramEncoder;
  /** The shapes that the leaves have at full size, by path. */
  readonly shapes: ReadonlyMap<string, Shaped>;
}

/** The template of an encoder of the given sizes, from a small one that has the same structure. */
export function encoderTemplate({ embedDim, depth, hiddenDim, patch }: RecognisedEncoder): EncoderTemplate {
  const sizes = { embedDim: WIDTH, depth, numHeads: 1, mlpRatio: HIDDEN / WIDTH, patch: [1, PATCH] as const };
  const tree = initSpectrogramEncoder(sizes, randomStream(0, 'template'));
  const full = new Map([
    [1, 1],
    [WIDTH, embedDim],
    [3 * WIDTH, 3 * embedDim],
    [HIDDEN, hiddenDim],
    [PATCH, patch[0] * patch[1]],
  ]);
  const shapes = leaves(tree).map(
    ([path, leaf]) => [path, { shape: leaf.shape.map((side) => full.get(side)!) }] as const,
  );
  return { tree, shapes: new Map(shapes) };
}
