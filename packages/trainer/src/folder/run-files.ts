import { join } from 'node:path';

/**
 * Every file of a run, relative to its folder. `log`, `checkpoints` and `lock` are written by `train`, the others by whoever
 * calls it.
 *
 * @example
 * const config = await readJson(join(run, runFiles.config));
 */
export const runFiles = {
  /** What the run was started with. */
  config: 'config.json',
  /** The clips that it is trained on, a line each. */
  clips: 'clips.jsonl',
  /** Where it runs: versions, processor, backend. */
  environment: 'environment.json',
  /** One line a step. */
  log: 'log.jsonl',
  /** The folder of `step-*.safetensors`, the two newest. */
  checkpoints: 'checkpoints',
  /** There while a process trains in the folder, from the first byte that it writes to the last. */
  lock: 'train.lock',
  /** The folder of `step-*.json`: what was in the batch of a step whose figures were not finite. */
  nonFinite: 'nonfinite',
  /** The encoder of the run when it has ended. */
  weights: 'weights.safetensors',
  /** What the run came to. */
  summary: 'summary.json',
  /** What ended the run against its will; absent once it is resumed. */
  failure: 'failure.json',
  /** The folder of event files for TensorBoard. */
  tensorboard: 'tensorboard',
  /** Spectrograms under their masks, for the report. */
  examples: join('report', 'examples.json'),
  /** Nearest neighbours, for the report. */
  neighbours: join('report', 'neighbours.json'),
  /** Figures of probes, for the report. */
  probes: join('report', 'probes.json'),
  /** There while a process writes figures of probes or the report. */
  reportLock: join('report', 'report.lock'),
  /** The report itself. */
  report: 'report.html',
} as const;
