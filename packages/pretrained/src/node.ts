export { openModel } from './open-model-file.js';
export { openTensorsAt } from './open-tensors-at.js';
