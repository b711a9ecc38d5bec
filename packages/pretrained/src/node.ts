export { openModel } from './open-model-file.js';
