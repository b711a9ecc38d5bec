import { rescaleDecay } from '@audio-ssl/momentum-teacher';
import { exponential, linear, warmupCosine, type Schedule } from '@audio-ssl/optim';
import type { DecayRange, MatpacOptions } from './options.js';

/** What changes from step to step. */
export type MatpacScalars<Value = number> = {
  readonly learningRate: Value;
  /** The step itself, counted from 0, for AdamW's bias corrections. */
  readonly step: Value;
  /** Decays of the teacher's encoder and head at this step; 1 leaves them as they are. */
  readonly encoderDecay: Value;
  readonly headDecay: Value;
  /** Temperature of the teacher's pseudo-class distribution. */
  readonly teacherTemperature: Value;
  /** Temperature of the weights over hypotheses; 1 and unused without them. */
  readonly hypothesisTemperature: Value;
};

/** The curves of a run, each a function of the step counted from 0. */
export interface MatpacSchedule {
  readonly learningRate: Schedule;
  readonly encoderDecay: Schedule;
  readonly headDecay: Schedule;
  readonly teacherTemperature: Schedule;
  readonly hypothesisTemperature: Schedule;
  /** All values of one step, as {@link trainStep} expects them. */
  readonly at: (step: number) => MatpacScalars;
}

/**
 * The curves of a run of `steps` updates (matpac.yaml of the authors; MATPAC, section 3.2), in double precision.
 *
 * Warm-ups are fractions of the run. Decays, and the rate at which MATPAC++'s temperature cools, are meant for a run of
 * their `referenceSteps` updates and rescaled to do the same over this one, d^(referenceSteps / steps).
 *
 * @throws Error when `steps` is not a positive integer.
 * @example
 * const { at } = schedule(options, 10_000);
 * const scalars = at(0);
 */
export function schedule(
  { optimizer, teacher, classification, prediction }: MatpacOptions,
  steps: number,
): MatpacSchedule {
  if (!Number.isInteger(steps) || steps < 1) throw new Error(`schedule: expected steps of 1 or more, got ${steps}`);
  const rescaled = (value: number, referenceSteps: number | null): number =>
    referenceSteps === null ? value : rescaleDecay(value, { referenceSteps, steps });
  const decay = ({ referenceSteps, ...range }: DecayRange): Schedule => {
    const line = linear({ ...range, steps });
    return (step) => rescaled(line(step), referenceSteps);
  };
  const { learningRate: peak, warmup } = optimizer;
  const { teacherTemperature: temperature } = classification;
  const { hypotheses } = prediction;
  const curves = {
    learningRate: warmupCosine({ peak, warmup: Math.round(warmup * steps), total: steps, init: 0, end: 0 }),
    encoderDecay: decay(teacher.encoderDecay),
    headDecay: decay(teacher.headDecay),
    teacherTemperature: linear({ ...temperature, steps: Math.round(temperature.warmup * steps) }),
    hypothesisTemperature: hypotheses
      ? exponential({
          from: hypotheses.temperature,
          rate: rescaled(hypotheses.rate, hypotheses.referenceSteps),
        })
      : () => 1,
  };
  // The authors skip the average at step 0, where it would only mix in the student's first draw.
  const skips = (step: number): boolean => step === 0 && teacher.update === 'before';
  return {
    ...curves,
    at: (step) => ({
      learningRate: curves.learningRate(step),
      step,
      encoderDecay: skips(step) ? 1 : curves.encoderDecay(step),
      headDecay: skips(step) ? 1 : curves.headDecay(step),
      teacherTemperature: curves.teacherTemperature(step),
      hypothesisTemperature: curves.hypothesisTemperature(step),
    }),
  };
}
