import type { TensorFile } from '@audio-ssl/tensor-files';
import { readMapped, recognise } from './recognise.js';

/** A linear map from a feature to classes, after a batch norm that was frozen (AudioSet head) or none (probes). */
export interface ClassHead {
  readonly classes: number;
  /** Width of the feature: D for one averaged over frequency, F * D for the side-by-side one. */
  readonly dims: number;
  /** (dims, classes), row-major. */
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
  /** Running mean and variance of the batch norm. */
  readonly norm?: { readonly mean: Float32Array; readonly variance: Float32Array };
}

/** PyTorch's epsilon of a batch norm. */
const EPSILON = 1e-5;

/**
 * Reads a class head: that of an encoder fine-tuned on AudioSet (or with M2D's fine-tuning code), or a linear probe.
 *
 * @throws Error naming the file when it has none, or one of shapes that do not fit.
 * @example
 * const probe = await readClassHead(await openTensors(await openFile('openmic.pth')));
 */
export async function readClassHead(file: TensorFile): Promise<ClassHead> {
  const recognised = recognise(file);
  if (!recognised.mapped.has('classifier.kernel')) {
    throw new Error(
      `readClassHead: ${file.name} is a ${recognised.family} and has no class head; give the file of a head or a probe`,
    );
  }
  const read = (name: string) => readMapped(file, recognised, `classifier.${name}`);
  const { shape, data: kernel } = await read('kernel');
  const [dims = 0, classes = 0] = shape;
  const vector = async (name: string, length: number): Promise<Float32Array> => {
    const found = recognised.mapped.has(`classifier.${name}`) ? (await read(name)).data : undefined;
    if (found?.length === length) return found;
    throw new Error(
      `readClassHead: ${file.name}: expected ${length} values of ${name} for a kernel [${shape}], got ${found?.length ?? 'none'}`,
    );
  };
  const bias = await vector('bias', classes);
  if (!recognised.mapped.has('classifier.norm.mean')) return { classes, dims, kernel, bias };
  const norm = { mean: await vector('norm.mean', dims), variance: await vector('norm.var', dims) };
  return { classes, dims, kernel, bias, norm };
}

/** How logits become probabilities: one class of many, or each class independently. */
export type Activation = 'softmax' | 'sigmoid';

/**
 * The probabilities of every class, computed in double precision.
 *
 * @param feature (dims), the mean over time.
 * @throws Error when the feature has another width than the head's.
 * @example
 * const probabilities = classProbabilities(head, feature, 'sigmoid');
 */
export function classProbabilities(
  { classes, dims, kernel, bias, norm }: ClassHead,
  feature: Float32Array,
  activation: Activation,
): Float32Array {
  if (feature.length !== dims) {
    throw new Error(
      `classProbabilities: expected a feature of ${dims} values, got ${feature.length}; ` +
        `is the head for another encoder, or for frequency patches that are ${feature.length > dims ? 'averaged' : 'side by side'}?`,
    );
  }
  const logits = Float64Array.from(bias);
  for (let i = 0; i < dims; i++) {
    const value = norm ? (feature[i]! - norm.mean[i]!) / Math.sqrt(norm.variance[i]! + EPSILON) : feature[i]!;
    for (let k = 0; k < classes; k++) logits[k]! += value * kernel[i * classes + k]!;
  }
  if (activation === 'sigmoid') return Float32Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit)));
  const highest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = logits.map((logit) => Math.exp(logit - highest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return Float32Array.from(powers, (power) => power / sum);
}
