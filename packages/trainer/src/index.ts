export { readCheckpoint, type Checkpoint } from './checkpoint.js';
export type { Fingerprint } from './fingerprint.js';
export { lockFolder, type FolderLock, type LockOptions } from './lock-folder.js';
export { readLog, type LogEntry } from './log.js';
export { train, type Hook, type StepEvent, type StepResult, type TrainOptions, type TrainResult } from './train.js';
