import { initHead, type Head } from '@audio-ssl/distribution-matching';
import { initHypotheses, type Hypotheses } from '@audio-ssl/latent-prediction';
import { initDense, type Dense } from '@audio-ssl/layers';
import { initMoments, type Moments } from '@audio-ssl/optim';
import { cloneTree, randomStream, tidy, zeros } from '@audio-ssl/params';
import {
  initEncoder,
  initPredictor,
  initSpectrogramEncoder,
  type Encoder,
  type Predictor,
  type SpectrogramEncoder,
} from '@audio-ssl/vit';
import type * as tf from '@tensorflow/tfjs-core';
import { hasHead, type MatpacOptions } from './options.js';

/** What is trained. `projection` maps the predictor's trunk to the encoder's width; in MATPAC++ `hypotheses` does. */
export type Student = SpectrogramEncoder & {
  readonly predictor: Predictor;
  readonly projection?: Dense;
  readonly hypotheses?: Hypotheses;
  readonly head?: Head;
};

/** What follows the student as an average. Patch embedding, positions and class token are the student's own. */
export type Teacher = { readonly encoder: Encoder; readonly head?: Head };

/** Everything that a step reads and makes anew. */
export type MatpacState = {
  readonly student: Student;
  readonly teacher: Teacher;
  /** Centre of the pseudo-class distribution (K). */
  readonly center?: tf.Tensor;
  readonly moments: Moments<Student>;
};

/**
 * The state before the first step, drawn as the authors do: Xavier-uniform kernels, the teacher's encoder from a draw of
 * its own, the two heads equal but for their MLP (Xavier in the student, truncated normal 0.02 in the teacher).
 *
 * @param seed every part has its own stream, so a part that a variant leaves out changes no other.
 * @example
 * const state = initMatpac({ model: sizes.tiny, ...variants.matpac }, 1337);
 */
export function initMatpac(options: MatpacOptions, seed: number): MatpacState {
  const { model, prediction, teacher: teacherOptions } = options;
  const stream = (part: string): (() => number) => randomStream(seed, part);
  const { embedDim } = model.encoder;
  return tidy(() => {
    const base = initSpectrogramEncoder({ ...model.encoder, patch: model.patch }, stream('student'));
    const predictor = initPredictor({ ...model.predictor, inputDim: embedDim }, stream('predictor'));
    const width = model.predictor.embedDim;
    const out: Pick<Student, 'projection' | 'hypotheses'> =
      prediction.hypotheses === null
        ? { projection: initDense(width, embedDim, stream('projection')) }
        : {
            hypotheses: initHypotheses(
              { inputDim: width, outputDim: embedDim, count: prediction.hypotheses.count },
              stream('hypotheses'),
            ),
          };
    const head = hasHead(options) ? initHead({ ...model.head, inputDim: embedDim }, stream('head')) : undefined;
    const student: Student = { ...base, predictor, ...out, ...(head && { head }) };
    const encoder =
      teacherOptions.start === 'student' ? cloneTree(base.encoder) : initEncoder(model.encoder, stream('teacher'));
    const teacherHead = head && {
      ...initHead({ ...model.head, inputDim: embedDim, mlpWeights: 'truncatedNormal' }, stream('teacher head')),
      last_layer: cloneTree(head.last_layer),
    };
    return {
      student,
      teacher: { encoder, ...(teacherHead && { head: teacherHead }) },
      ...(hasCenter(options) && { center: zeros([model.head.pseudoClasses]) }),
      moments: initMoments(student),
    };
  });
}

/** Whether the options keep a centre. */
export function hasCenter(options: MatpacOptions): boolean {
  const { centering } = options.classification;
  return hasHead(options) && (centering === 'probabilities' || centering === 'logits');
}
