// What a worker thread imports where this package runs from its TypeScript source: makes tsx known to the thread, then goes
// on to the worker. `--import tsx` would be simpler: Node 20 ignores it in a thread's flags.
import { register } from 'tsx/esm/api';

register();
export const { computeLogMel } = await import('./log-mel-worker.ts');
