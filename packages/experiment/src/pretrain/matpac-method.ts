import { createMask } from '@audio-ssl/masking';
import {
  initMatpac,
  makeBatch,
  schedule,
  signsOfCollapse,
  trainStep,
  type MatpacBatch,
  type MatpacScalars,
  type MatpacState,
} from '@audio-ssl/matpac';
import { disposeTree, randomStream } from '@audio-ssl/params';
import { loadState } from '@audio-ssl/pretrained';
import type { TensorFile } from '@audio-ssl/tensor-files';
import { initSpectrogramEncoder } from '@audio-ssl/vit';
import { matpacOptions, type Config } from '../config/config-schema.js';
import { InputError } from '../input-error.js';
import type { Method } from './method.js';

/**
 * MATPAC, or the variant of it that a configuration describes.
 *
 * @throws Error for options that do not fit each other, of a configuration that was not checked
 * @example
 * const method = matpacMethod(await loadConfig({ preset: 'tiny' }));
 * const state = method.init(0);
 */
export function matpacMethod(config: Config): Method<MatpacState, MatpacBatch, MatpacScalars> {
  const options = matpacOptions(config);
  const { model } = options;
  return {
    name: 'matpac',
    mask: createMask(config.masking),
    views: 1,
    init: (seed) => initMatpac(options, seed),
    step: trainStep(options),
    scalarsAt: (step, steps) => schedule(options, steps).at(step),
    encoderOf: ({ student }) => student,
    // The stream from which initMatpac draws it.
    initEncoder: (seed) =>
      initSpectrogramEncoder({ ...model.encoder, patch: model.patch }, randomStream(seed, 'student')),
    trained: ({ student }) => student,
    makeBatch: (spectrograms, mask, shape) => makeBatch(spectrograms, mask, model, shape),
    signsOfCollapse: (metrics) => signsOfCollapse(metrics, options),
    load: async (file, seed) => {
      const fresh = initMatpac(options, seed);
      try {
        return await load(file, fresh);
      } finally {
        disposeTree(fresh);
      }
    },
  };
}

async function load(
  file: TensorFile,
  template: MatpacState,
): Promise<{ readonly state: MatpacState; readonly words: string }> {
  const { state, family, loaded, fresh, leftOver } = await loadState(file, template);
  if (leftOver.some((name) => /(^|\.)(hypotheses|mcl_heads)\./.test(name))) {
    disposeTree(state);
    throw new InputError(
      `\`init\` ${file.name}: its predictor makes several hypotheses (MATPAC++), this variant one; add \`variant=matpacPlusPlus\`, or take its encoder alone: \`convert\` with \`encoderOnly\``,
    );
  }
  const words =
    `${family} ${file.name}: ${loaded.join(', ')}${fresh.length > 0 ? `; fresh: ${fresh.join(', ')}` : ''}` +
    (leftOver.length > 0 ? `; left over: ${first(leftOver)}` : '');
  return { state, words };
}

/** Names for a message: all, or some and how many more. */
const first = (names: readonly string[]): string =>
  `${names.slice(0, 8).join(', ')}${names.length > 8 ? ` and ${names.length - 8} more` : ''}`;
