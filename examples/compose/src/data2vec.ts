import type { Method } from '@audio-ssl/experiment';
import { smoothL1Loss, standardizeTokens } from '@audio-ssl/latent-prediction';
import { dense, initDense, type Dense } from '@audio-ssl/layers';
import { blockMask } from '@audio-ssl/masking';
import { ema } from '@audio-ssl/momentum-teacher';
import { adamW, initMoments, type Moments } from '@audio-ssl/optim';
import { cloneTree, normal, randomStream, tidy, valueAndGrad } from '@audio-ssl/params';
import * as vit from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import { positionsOf, scalarsAt, type Scalars, type Sizes } from './method.js';

type Student = vit.SpectrogramEncoder & { readonly mask_token: tf.Tensor; readonly regression: Dense };

/** The student, the teacher's encoder (it shares the patch embedding), AdamW's moments. */
export type Data2vecState = {
  readonly student: Student;
  readonly teacher: vit.Encoder;
  readonly moments: Moments<Student>;
};

/**
 * In the style of data2vec (Baevski et al., arXiv 2202.03555, section 3): the student sees all places, the masked ones
 * as one learned token, and regresses the mean of the teacher's last `topLayers` blocks, which sees everything.
 *
 * Unlike data2vec, patches of a spectrogram stand for its waveform features, and every layer is normed token by token.
 */
export function data2vec(
  { patch, encoder }: Sizes,
  topLayers = encoder.depth,
): Method<Data2vecState, vit.MaskedBatch, Scalars> {
  const width = encoder.embedDim;
  return {
    name: 'data2vec',
    mask: blockMask({ ratio: 0.6 }),
    views: 1,
    scalarsAt,
    encoderOf: ({ student }) => student,

    init(seed) {
      const random = randomStream(seed, 'weights');
      const student: Student = {
        ...vit.initSpectrogramEncoder({ ...encoder, patch }, random),
        mask_token: normal([1, 1, width], 0.02, random),
        regression: initDense(width, width, random),
      };
      return { student, teacher: cloneTree(student.encoder), moments: initMoments(student) };
    },

    step: (state, batch, scalars) =>
      tidy(() => {
        const whole = vit.embedPatches(state.student.patch_embed, batch.spectrogram, { patch }); // (B, N, D)
        const input = vit.prependClassToken(state.student.cls_token, whole);
        const layers = vit.encodeLayers(state.teacher, input, encoder).slice(-topLayers);
        const mean = tf.div(tf.addN(layers.map(standardizeTokens)), layers.length); // (B, 1 + N, D)
        const target = vit.takeTokens(vit.dropClassToken(mean), batch.masked); // (B, M, D)

        const { value, grads } = valueAndGrad(
          (student: Student) => ({ value: tf.mean(smoothL1Loss(regress(student, batch), target)), aux: {} }),
          state.student,
        );
        const { params: student, moments } = adamW(state.student, grads, state.moments, scalars);
        return {
          state: { student, teacher: ema(state.teacher, student.encoder, scalars.decay), moments },
          metrics: { loss: value },
        };
      }),
  };

  /** The student's outputs at the masked places. Attention knows no order, so they can stand behind the visible ones. */
  function regress(student: Student, batch: vit.MaskedBatch): tf.Tensor {
    const { visible, masked, spectrogram } = batch;
    const seen = vit.takeTokens(vit.embedPatches(student.patch_embed, spectrogram, { patch }), visible); // (B, V, D)
    const hidden = tf.add(vit.takeTokens(positionsOf(batch, patch, width), masked), student.mask_token); // (B, M, D)
    const input = vit.prependClassToken(student.cls_token, tf.concat([seen, hidden], 1));
    const encoded = vit.encode(student.encoder, input, encoder); // (B, 1 + V + M, D)
    return dense(student.regression, tf.slice(encoded, [0, 1 + visible.shape[1]!, 0]));
  }
}
