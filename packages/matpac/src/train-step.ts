import { adamW, globalNormScale } from '@audio-ssl/optim';
import { ema } from '@audio-ssl/momentum-teacher';
import { tidy, type Scalar } from '@audio-ssl/params';
import type { MatpacBatch } from './batch.js';
import { forwardBackward } from './forward-backward.js';
import type { MatpacMetrics } from './metrics.js';
import type { MatpacOptions } from './options.js';
import type { MatpacScalars } from './schedule.js';
import type { MatpacState, Student, Teacher } from './state.js';

/** One update: a pure function of the state, the batch and the step's scalars. */
export type MatpacStep = (
  state: MatpacState,
  batch: MatpacBatch,
  scalars: MatpacScalars<Scalar>,
) => { state: MatpacState; metrics: MatpacMetrics };

/**
 * The training step of a recipe.
 *
 * @returns a function that borrows its arguments and gives a new state and the step's figures; the caller disposes the
 * old state, the batch and the figures.
 * @throws Error when both loss weights are 0.
 * @example
 * const step = trainStep(options);
 * const { state: next, metrics } = step(state, batch, schedule(options, steps).at(0));
 */
export function trainStep(options: MatpacOptions): MatpacStep {
  const { prediction, classification, teacher: teacherOptions, optimizer } = options;
  if (!(prediction.weight > 0 || classification.weight > 0)) {
    throw new Error('trainStep: both loss weights are 0; set prediction.weight or classification.weight above 0');
  }
  if (prediction.hypotheses && prediction.loss !== 'cosine') {
    throw new Error(
      `trainStep: hypotheses need the cosine loss, got '${prediction.loss}'; set prediction.loss to 'cosine'`,
    );
  }

  const { targetLayers } = prediction;
  const { depth } = options.model.encoder;
  if (targetLayers !== 'all' && !(targetLayers >= 1 && targetLayers <= depth)) {
    throw new Error(
      `trainStep: expected targetLayers of 1 to the encoder's ${depth} blocks, got ${targetLayers}; 'all' takes every block`,
    );
  }

  return (state, batch, scalars) =>
    tidy(() => {
      const { grads, center, metrics } = forwardBackward(state, batch, scalars, options);
      const { scale: gradientScale, norm } = globalNormScale(grads, optimizer.clipNorm);
      const updated = adamW(state.student, grads, state.moments, { ...scalars, gradientScale }, optimizer);
      const { params: student, moments } = updated;
      const teacher = follow(state.teacher, teacherOptions.update === 'before' ? state.student : student, scalars);
      return {
        state: { student, teacher, moments, ...(center && { center }) },
        metrics: { ...metrics, 'gradient/norm': norm },
      };
    });
}

function follow(teacher: Teacher, student: Student, scalars: MatpacScalars<Scalar>): Teacher {
  return {
    encoder: ema(teacher.encoder, student.encoder, scalars.encoderDecay),
    ...(teacher.head && { head: ema(teacher.head, student.head!, scalars.headDecay) }),
  };
}
