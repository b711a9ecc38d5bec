import type { EncoderOptions } from '@audio-ssl/vit';
import { hasHead, type MatpacOptions } from './options.js';
import { hasCenter } from './state.js';

/** What a step holds in memory, in bytes of float32 values. */
export interface StepMemory {
  /** The student, which is trained. */
  readonly student: number;
  /** The momentum teacher, and the centre. */
  readonly teacher: number;
  /** The two moments of AdamW. */
  readonly moments: number;
  readonly gradients: number;
  /** What the student's forward pass leaves for its gradient. */
  readonly activations: number;
  /** Of these, the rows of attention's scores where no fused kernel computes them: none where there is one. */
  readonly scores: number;
}

/** The batch of {@link estimateMemory}. */
export interface BatchSize {
  readonly batchSize: number;
  /** Visible tokens of a clip. */
  readonly visible: number;
  /** Masked tokens of a clip. */
  readonly masked: number;
}

const BYTES = 4;

/**
 * What one step of a recipe holds in memory, from sizes alone: nothing is computed. What a backend adds (copies that live
 * until the end of the step, its own buffers) is not in it.
 *
 * @example
 * const { activations } = estimateMemory({ model: sizes.tiny, ...variants.matpac }, { batchSize: 32, visible: 19, masked: 46 });
 */
export function estimateMemory(options: MatpacOptions, { batchSize, visible, masked }: BatchSize): StepMemory {
  const { model, prediction, memory } = options;
  const { encoder, predictor, head } = model;
  const [bins, frames] = model.patch;
  const [width, trunk] = [encoder.embedDim, predictor.embedDim];
  const outputs = width * (prediction.hypotheses?.count ?? 1);

  const encoderWeights = stackWeights(encoder);
  const headWeights = hasHead(options)
    ? mlpWeights(headWidths(options)) + head.pseudoClasses * (head.bottleneckDim + 1)
    : 0;
  const student =
    (bins * frames + 1) * width + // patch embedding
    width + // class token
    encoderWeights +
    (width + 1) * trunk + // the predictor's entry
    trunk + // mask token
    stackWeights(predictor) +
    (trunk + 1) * outputs +
    headWeights;
  const teacher = encoderWeights + headWeights + (hasCenter(options) ? head.pseudoClasses : 0);

  const clips = batchSize / (memory?.accumulation ?? 1);
  const remat = memory?.remat ?? false;
  const seen = clips * (1 + visible);
  const all = clips * (1 + visible + masked);
  const hidden = clips * masked;
  const stacks = stackActivations(encoder, seen, remat) + stackActivations(predictor, all, remat);
  const latents = hidden * (3 * width + 2 * outputs);
  const classes = hasHead(options)
    ? hidden *
      (2 *
        headWidths(options)
          .slice(1)
          .reduce((sum, size) => sum + size, 0) +
        4 * head.pseudoClasses)
    : 0;
  const scores =
    stackScores(encoder, clips, 1 + visible, remat) + stackScores(predictor, clips, 1 + visible + masked, remat);
  return {
    student: BYTES * student,
    teacher: BYTES * teacher,
    moments: BYTES * 2 * student,
    gradients: BYTES * student,
    activations: BYTES * (stacks + latents + classes),
    scores: BYTES * scores,
  };
}

function headWidths({ model: { encoder, head } }: MatpacOptions): number[] {
  const { hiddenDim, bottleneckDim, depth = 3 } = head;
  return [encoder.embedDim, ...Array.from({ length: depth - 1 }, () => hiddenDim), bottleneckDim];
}

function mlpWeights(widths: readonly number[]): number {
  return widths.slice(1).reduce((sum, width, i) => sum + (widths[i]! + 1) * width, 0);
}

/** Blocks and the norm after them. */
function stackWeights({ embedDim: width, depth, mlpRatio = 4 }: EncoderOptions): number {
  const hidden = Math.round(width * mlpRatio);
  const attention = mlpWeights([width, 3 * width]) + mlpWeights([width, width]);
  return depth * (4 * width + attention + mlpWeights([width, hidden, width])) + 2 * width;
}

/** A block keeps the inputs of its norms, of its products and of its GELU, and queries, keys and values. */
function stackActivations(
  { embedDim: width, depth, mlpRatio = 4 }: EncoderOptions,
  tokens: number,
  remat: boolean,
): number {
  const block = (8 + 2 * mlpRatio) * width * tokens;
  return remat ? depth * width * tokens + block : depth * block;
}

function stackScores({ numHeads, depth }: EncoderOptions, clips: number, tokens: number, remat: boolean): number {
  return (remat ? 1 : depth) * clips * numHeads * tokens ** 2;
}
