import { disposeTree, leaves, tidy, type TensorTree } from '@audio-ssl/params';
import { describeFit, fitTree } from '@audio-ssl/tensor-files';
import { initSpectrogramEncoder, type SpectrogramEncoder } from '@audio-ssl/vit';
import { randomStream } from '@audio-ssl/params';
import type { Config } from '../config/config-schema.js';
import { InputError } from '../input-error.js';
import { openCheckpoint } from '../open-checkpoint.js';
import type { Reporter } from '../reporter.js';
import type { Method } from './method.js';

/**
 * The encoder that a method starts from: the random start that a probe compares with. Draws nothing else where the method
 * can.
 *
 * @returns its tensors belong to the caller
 * @example
 * const encoder = initialEncoder(matpacMethod(config), config.seed);
 * disposeTree(encoder);
 */
export function initialEncoder(method: Method, seed: number): SpectrogramEncoder {
  return tidy(() => {
    const { patch_embed, cls_token, encoder } = method.initEncoder?.(seed) ?? method.encoderOf(method.init(seed));
    return { patch_embed, cls_token, encoder };
  });
}

/**
 * The state that a run starts from: drawn from its seed, or from a checkpoint, which is reported.
 *
 * @throws InputError for a checkpoint that does not fit, or that the method cannot start from
 */
export async function initialState(
  method: Method,
  { seed }: Config,
  { init, reporter }: { readonly init?: string | undefined; readonly reporter?: Reporter | undefined } = {},
): Promise<TensorTree> {
  if (init === undefined) return method.init(seed);
  if (!method.load)
    throw new InputError(`\`init\`: ${method.name} cannot start from a checkpoint; leave \`init\` out`, 'option');
  const file = await openCheckpoint(init, { reporter });
  try {
    const { state, words } = await method.load(file, seed);
    reporter?.note?.(`init: ${words}`);
    return state;
  } finally {
    await file.close();
  }
}

/**
 * Refuses a method whose encoder is of another size than the configuration says, before anything is trained: features could
 * not be made of it.
 *
 * @throws InputError naming the first tensors that differ
 */
export function requireEncoder(method: Method, { model, seed }: Pick<Config, 'model' | 'seed'>): void {
  const encoder = initialEncoder(method, seed);
  const template = initSpectrogramEncoder({ ...model.encoder, patch: model.patch }, randomStream(0, 'template'));
  const problems = describeFit(fitTree(leaves(template), new Map(leaves(encoder))), 2);
  disposeTree([encoder, template]);
  if (problems === '') return;
  throw new InputError(
    `\`method\`: the encoder of ${method.name} is not of the size that \`config\` says in model.encoder and model.patch: ${problems}; give both the same sizes`,
    'option',
  );
}
