import type { Method } from '@audio-ssl/experiment';
import * as match from '@audio-ssl/distribution-matching';
import { blockMask } from '@audio-ssl/masking';
import { ema } from '@audio-ssl/momentum-teacher';
import { adamW, initMoments, type Moments } from '@audio-ssl/optim';
import { cloneTree, normal, randomStream, tidy, valueAndGrad, zeros } from '@audio-ssl/params';
import * as vit from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import { positionsOf, scalarsAt, type Scalars, type Sizes } from './method.js';

type Network = { readonly encoder: vit.SpectrogramEncoder; readonly head: match.Head };
type Student = Network & { readonly mask_token: tf.Tensor };

/** Student and teacher with their heads, the centres of clips and patches (K), AdamW's moments. */
export type IbotState = {
  readonly student: Student;
  readonly teacher: Network;
  readonly centers: { readonly clip: tf.Tensor; readonly patches: tf.Tensor };
  readonly moments: Moments<Student>;
};

/**
 * In the style of iBOT (Zhou et al., arXiv 2111.07832, section 3): one head on all tokens. A masked patch is to be of
 * the class that the teacher gives it unmasked (L_MIM, eq. 3); a view's class token of the class that the teacher gives
 * the other view of the clip (L_CLS, eq. 2). A batch holds the first views and then the second ones.
 */
export function ibot({ patch, encoder, head }: Sizes): Method<IbotState, vit.MaskedBatch, Scalars> {
  return {
    name: 'ibot',
    mask: blockMask({ ratio: 0.4 }),
    views: 2,
    scalarsAt,
    encoderOf: ({ student }) => student.encoder,

    init(seed) {
      const random = randomStream(seed, 'weights');
      const network: Network = {
        encoder: vit.initSpectrogramEncoder({ ...encoder, patch }, random),
        head: match.initHead({ ...head, inputDim: encoder.embedDim }, random),
      };
      const student: Student = { ...network, mask_token: normal([1, 1, encoder.embedDim], 0.02, random) };
      const centers = { clip: zeros([head.pseudoClasses]), patches: zeros([head.pseudoClasses]) };
      return { student, teacher: cloneTree(network), centers, moments: initMoments(student) };
    },

    step: (state, batch, scalars) =>
      tidy(() => {
        const { centers } = state;
        const whole = vit.embedPatches(state.teacher.encoder.patch_embed, batch.spectrogram, { patch }); // (2B, N, D)
        const { clip, patches } = classify(state.teacher, whole); // logits (2B, 1, K), (2B, N, K)
        const ofClips = match.sharpen(otherView(clip), centers.clip, 0.04);
        const ofPatches = match.sharpen(vit.takeTokens(patches, batch.masked), centers.patches, 0.04); // (2B, M, K)

        const { value, grads } = valueAndGrad((student: Student) => {
          const seen = classify(student, replaceMasked(student, batch));
          const masked = tf.slice(seen.patches, [0, batch.visible.shape[1]!, 0]); // (2B, M, K)
          const losses = [match.crossEntropy(seen.clip, ofClips, 0.1), match.crossEntropy(masked, ofPatches, 0.1)];
          return { value: tf.addN(losses.map((loss) => tf.mean(loss))), aux: {} };
        }, state.student);
        const { params: student, moments } = adamW(state.student, grads, state.moments, scalars);
        const followed = { encoder: student.encoder, head: student.head };
        const next: IbotState = {
          student,
          teacher: ema(state.teacher, followed, scalars.decay),
          centers: {
            clip: match.updateCenter(centers.clip, clip, 0.9),
            patches: match.updateCenter(centers.patches, patches, 0.9),
          },
          moments,
        };
        return { state: next, metrics: { loss: value } };
      }),
  };

  /** Logits over pseudo-classes of the class token and of each patch. */
  function classify(network: Network, tokens: tf.Tensor): { readonly clip: tf.Tensor; readonly patches: tf.Tensor } {
    const input = vit.prependClassToken(network.encoder.cls_token, tokens);
    const logits = match.project(network.head, vit.encode(network.encoder.encoder, input, encoder));
    return { clip: tf.slice(logits, [0, 0, 0], [-1, 1, -1]), patches: vit.dropClassToken(logits) };
  }

  /** The visible tokens and then the masked places, each as the mask token with its position (2B, N, D). */
  function replaceMasked(student: Student, batch: vit.MaskedBatch): tf.Tensor {
    const tokens = vit.embedPatches(student.encoder.patch_embed, batch.spectrogram, { patch });
    const places = vit.takeTokens(positionsOf(batch, patch, encoder.embedDim), batch.masked);
    return tf.concat([vit.takeTokens(tokens, batch.visible), tf.add(places, student.mask_token)], 1);
  }
}

function otherView(rows: tf.Tensor): tf.Tensor {
  const [first, second] = tf.split(rows, 2) as [tf.Tensor, tf.Tensor];
  return tf.concat([second, first]);
}
