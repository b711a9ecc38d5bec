import type { Precision } from '@audio-ssl/compile';
import {
  type MatpacBatch,
  type MatpacMetrics,
  type MatpacOptions,
  type MatpacScalars,
  type MatpacState,
  trainStep,
} from '@audio-ssl/matpac';
import { tidy } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';
import { compileCached } from './compile-cached.js';

/** A training step as the trainer calls it. */
export interface CompiledStep {
  (state: MatpacState, batch: MatpacBatch, scalars: MatpacScalars): { state: MatpacState; metrics: MatpacMetrics };
  /** Frees the graph. */
  dispose(): void;
}

/**
 * The training step of a recipe as one graph where the backend has graphs; it disposes the state that it is given, as the
 * new one stands in its memory. The scalars go in as tensors: a number would be frozen.
 */
export function compiledStep(options: MatpacOptions, precision: Precision): CompiledStep {
  const step = trainStep(options);
  const compiled = compileCached(
    (state: MatpacState, batch: MatpacBatch, scalars: MatpacScalars<tf.Scalar>) => step(state, batch, scalars),
    { donate: [0], precision },
  );
  const call = (state: MatpacState, batch: MatpacBatch, scalars: MatpacScalars): ReturnType<typeof step> =>
    tidy(() => {
      const tensors = Object.entries(scalars).map(([name, value]) => [name, tf.scalar(value)] as const);
      return compiled(state, batch, Object.fromEntries(tensors) as MatpacScalars<tf.Scalar>);
    });
  return Object.assign(call, { dispose: compiled.dispose });
}
