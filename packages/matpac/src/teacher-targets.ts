import { project, sharpen, sinkhorn, updateCenter } from '@audio-ssl/distribution-matching';
import { standardizeTokens } from '@audio-ssl/latent-prediction';
import { tidy, type Scalar } from '@audio-ssl/params';
import { dropClassToken, encode, encodeLayers, prependClassToken, takeTokens } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import { embedBatch, type MatpacBatch } from './batch.js';
import { hasHead, type MatpacOptions } from './options.js';
import { hasCenter, type MatpacState } from './state.js';

/** What the teacher makes of the masked tokens; no gradient reaches it. */
export type Targets = {
  /** The teacher's latents z_m (B, M, D), as the prediction loss compares them. */
  readonly latents: tf.Tensor;
  /** The teacher's latents before {@link PredictionOptions.standardizeTargets}, which the head is given. */
  readonly raw: tf.Tensor;
  /** The teacher's pseudo-class distribution p_m (B, M, K). */
  readonly probabilities?: tf.Tensor;
  /** What the centre averages: the mean of the teacher's probabilities or logits (K); absent where no centre is kept. */
  readonly observed?: tf.Tensor;
};

/**
 * The teacher's forward pass (MATPAC, sections 2.1 and 2.3): z_m = f_teacher(masked patches), and
 * p_m = softmax((h_teacher(z_m) - c) / τ_t).
 *
 * @param scalars `teacherTemperature` τ_t.
 * @example
 * const targets = teacherTargets(state, batch, scalars, options);
 */
export function teacherTargets(
  state: Pick<MatpacState, 'student' | 'teacher' | 'center'>,
  batch: MatpacBatch,
  scalars: { readonly teacherTemperature: Scalar },
  options: MatpacOptions,
): Targets {
  const { student, teacher, center } = state;
  const { model, prediction, classification } = options;
  return tidy(() => {
    const tokens = embedBatch(student, batch, model); // (B, N, D)
    const raw = encodeTeacher(tokens); // (B, M, D)
    const latents = prediction.standardizeTargets ? standardizeTokens(raw) : raw;
    if (!hasHead(options)) return { latents, raw };

    const logits = project(teacher.head!, raw); // (B, M, K)
    const temperature = scalars.teacherTemperature;
    const { centering, centerUpdate, centerMomentum } = classification;
    if (centering === 'sinkhorn') {
      return { latents, raw, probabilities: sinkhorn(logits, temperature) };
    }
    const before = sharpen(logits, hasCenter(options) ? center! : null, temperature); // (B, M, K)
    if (!hasCenter(options)) return { latents, raw, probabilities: before };

    const observed = meanOverTokens(centering === 'logits' ? logits : before); // (K)
    const probabilities =
      centerUpdate === 'next' ? before : sharpen(logits, updateCenter(center!, observed, centerMomentum), temperature);
    return { latents, raw, probabilities, observed };
  });

  function encodeTeacher(tokens: tf.Tensor): tf.Tensor {
    const seen = options.teacher.input === 'all' ? tokens : takeTokens(tokens, batch.masked);
    const latents = dropClassToken(runTeacher(prependClassToken(student.cls_token, seen)));
    return options.teacher.input === 'all' ? takeTokens(latents, batch.masked) : latents;
  }

  function runTeacher(tokens: tf.Tensor): tf.Tensor {
    const { targetLayers } = prediction;
    if (targetLayers === 1) return encode(teacher.encoder, tokens, model.encoder);
    const layers = encodeLayers(teacher.encoder, tokens, model.encoder);
    const taken = targetLayers === 'all' ? layers : layers.slice(-targetLayers);
    return tf.div(tf.addN(taken.map(standardizeTokens)), taken.length);
  }
}

function meanOverTokens(rows: tf.Tensor): tf.Tensor {
  return tf.mean(tf.reshape(rows, [-1, rows.shape.at(-1)!]), 0);
}
