import { hasFused, runFused } from '@audio-ssl/params';
import * as tf from '@tensorflow/tfjs-core';

/** The sum over rows: (R, O) -> (O); the gradient of a bias. */
export function columnSum(rows: tf.Tensor): tf.Tensor {
  return hasFused('columnSum') ? runFused('columnSum', { x: rows })[0] : tf.sum(rows, 0);
}
