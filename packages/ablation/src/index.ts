export { type AblateOptions, type Ablated, ablate, type SuiteEstimate } from './ablate.js';
export type { TaskFailure } from './executor.js';
export type { PlannedRow, SuitePlan } from './plan.js';
export type { RunCost } from './schedule-runs.js';
export { suiteFiles } from './suite-files.js';
export { suiteName } from './suites.js';
export { type RunTask, type SuiteTask, taskName } from './tasks.js';
