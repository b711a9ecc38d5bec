import { build } from '../../tsup.base.js';

// the worker is a file of its own: openLogMels starts it by its path beside dist/index.js
export default build(['src/index.ts', 'src/log-mel-worker.ts']);
