import type { Method } from '@audio-ssl/experiment';
import { smoothL1Loss, standardizeTokens } from '@audio-ssl/latent-prediction';
import { dense, initDense, type Dense } from '@audio-ssl/layers';
import { multiBlockMask } from '@audio-ssl/masking';
import { ema } from '@audio-ssl/momentum-teacher';
import { adamW, initMoments, type Moments } from '@audio-ssl/optim';
import { cloneTree, randomStream, tidy, valueAndGrad } from '@audio-ssl/params';
import * as vit from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import { scalarsAt, type Scalars, type Sizes } from './method.js';

type Context = { readonly encoder: vit.SpectrogramEncoder; readonly predictor: vit.Predictor; readonly out: Dense };

/** The context encoder with its predictor, the target encoder, AdamW's moments. */
export type IJepaState = {
  readonly context: Context;
  readonly target: vit.SpectrogramEncoder;
  readonly moments: Moments<Context>;
};

/**
 * In the style of I-JEPA (Assran et al., arXiv 2301.08243, section 3): the context encoder sees one large block, and a
 * narrow predictor fills in the latents of four other blocks as the target encoder, an average, sees them in the whole.
 *
 * Unlike I-JEPA's, the four blocks are predicted together, and the encoder has a class token.
 */
export function iJepa({ patch, encoder, predictor }: Sizes): Method<IJepaState, vit.MaskedBatch, Scalars> {
  return {
    name: 'i-jepa',
    mask: multiBlockMask({ ratio: 0.5, blocks: 4, context: 0.85 }),
    views: 1,
    scalarsAt,
    encoderOf: ({ context }) => context.encoder,

    init(seed) {
      const random = randomStream(seed, 'weights');
      const context: Context = {
        encoder: vit.initSpectrogramEncoder({ ...encoder, patch }, random),
        predictor: vit.initPredictor({ ...predictor, inputDim: encoder.embedDim }, random),
        out: initDense(predictor.embedDim, encoder.embedDim, random),
      };
      return { context, target: cloneTree(context.encoder), moments: initMoments(context) };
    },

    step: (state, batch, scalars) =>
      tidy(() => {
        const whole = vit.encodeSpectrogram(state.target, batch.spectrogram, { ...encoder, patch }); // tokens (B, N, D)
        const target = vit.takeTokens(standardizeTokens(whole.tokens), batch.masked); // (B, M, D)

        const { value, grads } = valueAndGrad(
          (context: Context) => ({ value: tf.mean(smoothL1Loss(predictBlocks(context, batch), target)), aux: {} }),
          state.context,
        );
        const { params: context, moments } = adamW(state.context, grads, state.moments, scalars);
        return {
          state: { context, target: ema(state.target, context.encoder, scalars.decay), moments },
          metrics: { loss: value },
        };
      }),
  };

  function predictBlocks(context: Context, { spectrogram, visible, masked }: vit.MaskedBatch): tf.Tensor {
    const tokens = vit.embedPatches(context.encoder.patch_embed, spectrogram, { patch });
    const seen = vit.prependClassToken(context.encoder.cls_token, vit.takeTokens(tokens, visible));
    const encoded = vit.encode(context.encoder.encoder, seen, encoder); // (B, 1 + V, D)
    const [, bins, frames] = spectrogram.shape as [number, number, number];
    const positions = vit.sinCosPositions(vit.patchGrid(bins, frames, patch), predictor.embedDim);
    const trunk = vit.predict(context.predictor, encoded, visible, masked, { ...predictor, positions });
    return dense(context.out, trunk); // (B, M, D)
  }
}
