import { getGradient, registerGradient } from '@tensorflow/tfjs-core';
import { gradConfigs } from '../vendor/tfjs-gradients.js';

/** Registers the gradients of TensorFlow.js's operations, but those that are there, with `@tensorflow/tfjs` for one. */
export function registerGradients(): void {
  for (const config of gradConfigs) if (!getGradient(config.kernelName)) registerGradient(config);
}
