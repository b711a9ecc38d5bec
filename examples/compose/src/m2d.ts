import type { Method } from '@audio-ssl/experiment';
import { cosineLoss, standardizeTokens } from '@audio-ssl/latent-prediction';
import { dense, initDense, type Dense } from '@audio-ssl/layers';
import { randomMask } from '@audio-ssl/masking';
import { ema } from '@audio-ssl/momentum-teacher';
import { adamW, initMoments, type Moments } from '@audio-ssl/optim';
import { randomStream, tidy, valueAndGrad } from '@audio-ssl/params';
import * as vit from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import { scalarsAt, type Scalars, type Sizes } from './method.js';

type Online = vit.SpectrogramEncoder & { readonly predictor: vit.Predictor; readonly projection: Dense };

/** The online network, the target's encoder (it shares patch embedding and class token), AdamW's moments. */
export type M2dState = { readonly online: Online; readonly target: vit.Encoder; readonly moments: Moments<Online> };

/**
 * Masked Modeling Duo (Niizumi et al., arXiv 2210.14648, section 3): the online network sees the visible patches and
 * predicts what the target network, an average of it, makes of the masked patches alone, standardised token by token.
 */
export function m2d({ patch, encoder, predictor }: Sizes): Method<M2dState, vit.MaskedBatch, Scalars> {
  const optimizer = { beta2: 0.95, weightDecay: 0.05 };
  return {
    name: 'm2d',
    mask: randomMask({ ratio: 0.7 }),
    views: 1,
    scalarsAt,
    encoderOf: ({ online }) => online,

    init(seed) {
      const random = randomStream(seed, 'weights');
      const online: Online = {
        ...vit.initSpectrogramEncoder({ ...encoder, patch }, random),
        predictor: vit.initPredictor({ ...predictor, inputDim: encoder.embedDim }, random),
        projection: initDense(predictor.embedDim, encoder.embedDim, random),
      };
      return { online, target: vit.initEncoder(encoder, random), moments: initMoments(online) };
    },

    step: (state, batch, scalars) =>
      tidy(() => {
        const tokens = vit.embedPatches(state.online.patch_embed, batch.spectrogram, { patch }); // (B, N, D)
        const latents = see(state.online, state.target, tokens, batch.masked);
        const target = standardizeTokens(vit.dropClassToken(latents)); // (B, M, D)

        const { value, grads } = valueAndGrad(
          (online: Online) => ({ value: tf.mean(cosineLoss(predictMasked(online, batch), target)), aux: {} }),
          state.online,
        );
        const { params: online, moments } = adamW(state.online, grads, state.moments, scalars, optimizer);
        return {
          state: { online, target: ema(state.target, online.encoder, scalars.decay), moments },
          metrics: { loss: value },
        };
      }),
  };

  /** An encoder's output for the class token and the tokens at `indices` (B, 1 + V, D). */
  function see(online: Online, network: vit.Encoder, tokens: tf.Tensor, indices: tf.Tensor): tf.Tensor {
    const seen = vit.takeTokens(tokens, indices);
    return vit.encode(network, vit.prependClassToken(online.cls_token, seen), encoder);
  }

  function predictMasked(online: Online, { spectrogram, visible, masked }: vit.MaskedBatch): tf.Tensor {
    const tokens = vit.embedPatches(online.patch_embed, spectrogram, { patch });
    const encoded = see(online, online.encoder, tokens, visible);
    const [, bins, frames] = spectrogram.shape as [number, number, number];
    const positions = vit.sinCosPositions(vit.patchGrid(bins, frames, patch), predictor.embedDim);
    const trunk = vit.predict(online.predictor, encoded, visible, masked, { ...predictor, positions });
    return dense(online.projection, trunk); // (B, M, D)
  }
}
