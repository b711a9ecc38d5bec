import { build } from '../../tsup.base.js';

// The worker is a program of its own: the executors start it as a process.
export default build(['src/index.ts', 'src/worker.ts']);
