import { updateCenter } from '@audio-ssl/distribution-matching';
import { ema } from '@audio-ssl/momentum-teacher';
import { adamW, globalNormScale } from '@audio-ssl/optim';
import { accumulate, tidy, valueAndGrad, type Scalar } from '@audio-ssl/params';
import { splitBatch, type MatpacBatch } from './batch.js';
import { checkOptions } from './check-options.js';
import { matpacLoss } from './matpac-loss.js';
import { forwardMetrics, type MatpacMetrics } from './metrics.js';
import type { MatpacOptions } from './options.js';
import type { MatpacScalars } from './schedule.js';
import type { MatpacState, Student, Teacher } from './state.js';
import { teacherTargets } from './teacher-targets.js';

/** One update: a pure function of the state, the batch and the step's scalars. */
export type MatpacStep = (
  state: MatpacState,
  batch: MatpacBatch,
  scalars: MatpacScalars<Scalar>,
) => { state: MatpacState; metrics: MatpacMetrics };

/**
 * The training step of a recipe (MATPAC, section 2).
 *
 * A batch is computed in `memory.accumulation` parts of equal size, whose gradients, observations and figures are averaged:
 * the mean over the parts is the mean over the batch.
 *
 * @returns a function that borrows its arguments and gives a new state and the step's figures; the caller disposes the
 * old state, the batch and the figures. It throws an Error when the batch does not divide into the parts.
 * @throws Error for options that do not fit each other, see {@link checkOptions}.
 * @example
 * const step = trainStep(options);
 * const { state: next, metrics } = step(state, batch, schedule(options, steps).at(0));
 */
export function trainStep(options: MatpacOptions): MatpacStep {
  const [problem] = checkOptions(options);
  if (problem) throw new Error(`trainStep: ${problem.path.join('.')}: ${problem.message}`);
  const { classification, teacher: teacherOptions, optimizer, memory } = options;

  return (state, batch, scalars) =>
    tidy(() => {
      const { grads, observed, metrics } = accumulate(splitBatch(batch, memory?.accumulation ?? 1), (part) => {
        const targets = teacherTargets(state, part, scalars, options); // z_m and p_m, no gradient
        const { value, aux, grads } = valueAndGrad(
          (student: Student) => matpacLoss(student, part, targets, scalars, options),
          state.student,
        );
        const observed = targets.observed ?? null;
        return { grads, observed, metrics: { loss: value, ...forwardMetrics(aux, targets) } };
      });

      // The factor of clipByGlobalNorm, which AdamW takes in its own pass.
      const { scale: gradientScale, norm } = globalNormScale(grads, optimizer.clipNorm);
      const { params: student, moments } = adamW(
        state.student,
        grads,
        state.moments,
        { learningRate: scalars.learningRate, step: scalars.step, gradientScale },
        optimizer,
      );

      const followed = teacherOptions.update === 'before' ? state.student : student;
      const teacher = updateTeacher(state.teacher, followed, scalars);
      const center = observed && updateCenter(state.center!, observed, classification.centerMomentum);
      return {
        state: { student, teacher, moments, ...(center && { center }) },
        metrics: { ...metrics, 'gradient/norm': norm },
      };
    });
}

/**
 * The momentum teacher after a step (MATPAC, section 2.1): the averages of encoder and head move towards the student's.
 *
 * @param scalars `encoderDecay` and `headDecay`, the shares of the averages that survive, in [0, 1].
 * @returns a new teacher; the caller disposes the old one.
 * @example
 * const next = updateTeacher(state.teacher, state.student, { encoderDecay: 0.9999, headDecay: 0.998 });
 */
export function updateTeacher(
  teacher: Teacher,
  student: Student,
  { encoderDecay, headDecay }: Pick<MatpacScalars<Scalar>, 'encoderDecay' | 'headDecay'>,
): Teacher {
  return {
    encoder: ema(teacher.encoder, student.encoder, encoderDecay),
    ...(teacher.head && { head: ema(teacher.head, student.head!, headDecay) }),
  };
}
