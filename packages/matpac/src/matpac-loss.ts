import { crossEntropy, project } from '@audio-ssl/distribution-matching';
import { cosineLoss, hypotheses, hypothesesLoss, mseLoss, smoothL1Loss } from '@audio-ssl/latent-prediction';
import { dense } from '@audio-ssl/layers';
import { tidy, type Scalar } from '@audio-ssl/params';
import { encode, predict, prependClassToken, takeTokens } from '@audio-ssl/vit';
import * as tf from '@tensorflow/tfjs-core';
import { embedBatch, type MatpacBatch } from './batch.js';
import type { MatpacOptions } from './options.js';
import type { Student } from './state.js';
import type { Targets } from './teacher-targets.js';

const predictionLosses = { cosine: cosineLoss, mse: mseLoss, smoothL1: smoothL1Loss } as const;

/** What the student's forward pass makes on the way to its loss. */
export type StudentOutputs = {
  /** The encoder's output for [class; visible] (B, 1 + V, D). */
  readonly encoded: tf.Tensor;
  /** The prediction ẑ_m (B, M, D), or the hypotheses (B, M, H, D). */
  readonly predicted: tf.Tensor;
  /** The prediction loss of each masked token (B, M). */
  readonly predictionLoss: tf.Tensor;
  /** The classification loss of each masked token (B, M); absent without a head. */
  readonly classificationLoss?: tf.Tensor;
  /** The student's logits over pseudo-classes (B, M, K); absent without a head. */
  readonly logits?: tf.Tensor;
};

/**
 * The student's loss (MATPAC, eq. 1 to 4): w_pred mean(L_pred) + w_cls mean(L_cls) over all masked tokens, where
 * L_pred is the distance of the prediction to the teacher's latent and L_cls the cross-entropy between the teacher's
 * distribution and softmax(h_student(ẑ_m) / τ_s).
 *
 * @param student what is trained; the gradient is taken with respect to it.
 * @param targets of {@link teacherTargets}.
 * @param scalars `hypothesisTemperature`, for MATPAC++.
 * @returns the scalar to differentiate and the outputs behind it.
 */
export function matpacLoss(
  student: Student,
  batch: MatpacBatch,
  targets: Targets,
  scalars: { readonly hypothesisTemperature: Scalar },
  options: MatpacOptions,
): { value: tf.Tensor; aux: StudentOutputs } {
  const { model, prediction, classification } = options;
  const remat = options.memory?.remat ?? false;
  return tidy(() => {
    const tokens = embedBatch(student, batch, model); // (B, N, D)
    const visible = prependClassToken(student.cls_token, takeTokens(tokens, batch.visible)); // (B, 1 + V, D)
    const encoded = encode(student.encoder, visible, { ...model.encoder, remat });
    const trunk = predict(student.predictor, encoded, batch.visible, batch.masked, {
      positions: batch.positions.predictor,
      numHeads: model.predictor.numHeads,
      remat,
    }); // (B, M, dec)
    const { predicted, best, loss: predictionLoss } = predictLatents(trunk);

    const terms: tf.Tensor[] = [];
    if (prediction.weight > 0) terms.push(tf.mul(tf.mean(predictionLoss), prediction.weight));
    let outputs: StudentOutputs = { encoded, predicted, predictionLoss };
    if (student.head && targets.probabilities) {
      const logits = project(student.head, best); // (B, M, K)
      const classificationLoss = crossEntropy(logits, targets.probabilities, classification.studentTemperature);
      if (classification.weight > 0) terms.push(tf.mul(tf.mean(classificationLoss), classification.weight));
      outputs = { ...outputs, classificationLoss, logits };
    }
    return { value: tf.addN(terms), aux: outputs };
  });

  function predictLatents(trunk: tf.Tensor): { predicted: tf.Tensor; best: tf.Tensor; loss: tf.Tensor } {
    if (student.hypotheses) {
      const predicted = hypotheses(student.hypotheses, trunk); // (B, M, H, D)
      const { hardBelow } = prediction.hypotheses!;
      const result = hypothesesLoss(predicted, targets.latents, scalars.hypothesisTemperature, { hardBelow });
      return { predicted, best: result.best, loss: result.loss };
    }
    const predicted = dense(student.projection!, trunk); // (B, M, D)
    return { predicted, best: predicted, loss: predictionLosses[prediction.loss](predicted, targets.latents) };
  }
}
