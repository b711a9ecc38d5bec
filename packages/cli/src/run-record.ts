import type { Config } from './config/config-schema.js';
import { parseConfig } from './config/load-config.js';
import { readRunJson, runFiles } from './run-directory.js';

/** What a run is started with; saved as `config.json` before its first step. */
export interface RunRecord {
  readonly config: Config;
  /** The data folder, absolute. */
  readonly data: string;
  /** The command line that started the run. */
  readonly command: string;
  readonly started: string;
  /** What the configuration left to be measured. */
  readonly measured: { readonly steps: number; readonly mean: number; readonly std: number };
}

/** What a run came to; saved as `summary.json` when it ends or is stopped. */
export interface RunSummary {
  readonly completed: boolean;
  readonly step: number;
  readonly steps: number;
  /** Seconds of training, over all parts of an interrupted run. */
  readonly trainingSeconds: number;
  readonly parameters: number;
  readonly dataset: {
    readonly name: string;
    readonly kept: number;
    readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  };
}

/** Reads and checks the record of a run. */
export async function readRunRecord(run: string): Promise<RunRecord> {
  const record = await readRunJson<RunRecord>(run, runFiles.config);
  return { ...record, config: parseConfig(record.config) };
}
