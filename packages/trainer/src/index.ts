export {
  newestCheckpoint,
  readCheckpoint,
  type Checkpoint,
  type CheckpointOptions,
  type CheckpointPath,
} from './folder/checkpoint.js';
export { cannotWrite, FileError } from './folder/file-error.js';
export type { Fingerprint } from './folder/fingerprint.js';
export { readJson, readJsonOr, writeJson, writeRunFile } from './folder/json-files.js';
export { lockFolder, lockHolder, type FolderLock, type LockOptions } from './folder/lock-folder.js';
export { lockRun, type LockRunOptions } from './folder/lock-run.js';
export { readLog, type LogEntry } from './folder/log.js';
export { requireWritableFile, requireWritableFolder } from './folder/require-writable.js';
export { runFiles } from './folder/run-files.js';
export { steps, type DoneStep, type Step, type StepResult, type StepsOptions } from './steps.js';
export { train, type Hook, type NonFiniteEvent, type StepEvent, type TrainOptions, type TrainResult } from './train.js';
