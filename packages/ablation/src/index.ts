export { type AblateOptions, type Ablated, ablate } from './ablate.js';
export { parseDuration } from './duration.js';
export { suiteName } from './suites.js';
export { doTask, parseTask, taskName } from './tasks.js';
