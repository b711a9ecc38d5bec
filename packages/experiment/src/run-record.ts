import { join } from 'node:path';
import type { Config } from './config/config-schema.js';
import { parseConfig } from './config/load-config.js';
import type { ReportData } from '@audio-ssl/report';
import { readRunJson, runFiles } from './run-directory.js';
import { InputError } from './input-error.js';

/** What a run is started with; saved as `config.json` before its first step. */
export interface RunRecord {
  readonly config: Config;
  /** The data folder, absolute. */
  readonly data: string;
  /** The checkpoint that the run started from, absolute. */
  readonly init?: string;
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
  readonly dataset: ReportData['dataset'];
}

/**
 * Reads and checks the record of a run.
 *
 * @throws InputError naming the file when it is missing, damaged or of another version
 */
export async function readRunRecord(run: string): Promise<RunRecord> {
  const record = await readRunJson<Partial<RunRecord> | null>(run, runFiles.config);
  const refuse = (why: string): never => {
    throw new InputError(
      `${join(run, runFiles.config)} is not the record of a run: ${why}; restore it or start a new run in another folder`,
    );
  };
  const { steps, mean, std } = record?.measured ?? {};
  if (![steps, mean, std].every(Number.isFinite)) return refuse('expected measured steps, mean and std');
  try {
    return { ...(record as RunRecord), config: parseConfig(record?.config) };
  } catch (error) {
    return refuse((error as Error).message);
  }
}
