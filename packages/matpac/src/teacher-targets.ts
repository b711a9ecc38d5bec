import { project, sharpen, sinkhorn, updateCenter } from '@audio-ssl/distribution-matching';
import { standardizeTokens } from '@audio-ssl/latent-prediction';
import { tidy, type Scalar } from '@audio-ssl/params';
import { dropClassToken, encode, encodeLayers, prependClassToken, takeTokens } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import { embedBatch, type MatpacBatch } from './batch.js';
import { hasHead, type MatpacOptions } from './options.js';
import { hasCenter, type MatpacState } from './state.js';

/** What the teacher says of the masked tokens; no gradient reaches it. */
export type Targets = {
  /** The teacher's latents z_m (B, M, D), as the prediction loss compares them. */
  readonly latents: tf.Tensor;
  /** The teacher's latents before {@link PredictionOptions.standardizeTargets}, which the head sees. */
  readonly raw: tf.Tensor;
  /** The teacher's pseudo-class distribution p_m (B, M, K). */
  readonly probabilities?: tf.Tensor;
  /** The centre after this step (K). */
  readonly center?: tf.Tensor;
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
    if (classification.centering === 'sinkhorn') return { latents, raw, probabilities: sinkhorn(logits, temperature) };
    if (!hasCenter(options)) return { latents, raw, probabilities: sharpen(logits, null, temperature) };

    const advance = (c: tf.Tensor): tf.Tensor => {
      const observed = classification.centering === 'logits' ? logits : sharpen(logits, c, temperature);
      return updateCenter(c, observed, classification.centerMomentum);
    };
    const next = advance(center!);
    const used = classification.centerUpdate === 'now' ? next : center!;
    return { latents, raw, probabilities: sharpen(logits, used, temperature), center: next };
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
