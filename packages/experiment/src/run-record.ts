import type { ReportDataset } from '@audio-ssl/report';
import { readJson, runFiles } from '@audio-ssl/trainer';
import { join } from 'node:path';
import type { Config } from './config/config-schema.js';
import { parseSavedConfig } from './config/saved-config.js';
import { InputError } from './input-error.js';

/** Clips that were added, removed or changed between two parts of a run, and that it went on with. */
export interface DataChange {
  /** Steps that were done before it. */
  readonly step: number;
  /** When the run went on, ISO 8601. */
  readonly time: string;
  /** What has changed: `30 clips then, 35 now: 5 added (a.wav, b.wav, c.wav and 2 more)`. */
  readonly words: string;
  /** Number and digest of the clips before it. */
  readonly before: { readonly count: number; readonly digest: string };
  /** Those after it. */
  readonly now: { readonly count: number; readonly digest: string };
}

/** What a run is started with; saved as `config.json` before its first step. */
export interface RunRecord {
  readonly config: Config;
  /** The name of the method, where it is not the one that the configuration describes. */
  readonly method?: string;
  /** The data folder, absolute. */
  readonly data: string;
  /** The checkpoint that the run started from, absolute. */
  readonly init?: string;
  /** The command line that started the run, where it was started by one. */
  readonly command?: string;
  /** When it was started, ISO 8601. */
  readonly started: string;
  /** What the configuration left to be measured. */
  readonly measured: { readonly steps: number; readonly mean: number; readonly std: number };
  /** Changes of its data that were accepted. */
  readonly dataChanges?: readonly DataChange[];
}

/** The outcome of a run; saved as `summary.json` when it ends or is stopped. */
export interface RunSummary {
  /** False when the run was stopped. */
  readonly completed: boolean;
  /** Steps done. */
  readonly step: number;
  /** Steps to do in all. */
  readonly steps: number;
  /** Seconds of training, over all parts of an interrupted run. */
  readonly trainingSeconds: number;
  /** Numbers that are trained. */
  readonly parameters: number;
  readonly dataset: ReportDataset;
}

/**
 * Reads and checks the record of a run.
 *
 * @param run the run's folder
 * @throws InputError or FileError naming the file when it is missing, damaged or of another version
 * @example
 * const { config, measured } = await readRunRecord('runs/first');
 */
export async function readRunRecord(run: string): Promise<RunRecord> {
  const path = join(run, runFiles.config);
  const record = await readJson<Partial<RunRecord> | null>(path);
  const refuse = (why: string): never => {
    throw new InputError(`${path} is not the record of a run: ${why}; restore it or start a new run in another folder`);
  };
  const { steps, mean, std } = record?.measured ?? {};
  if (![steps, mean, std].every(Number.isFinite)) return refuse('expected measured steps, mean and std');
  try {
    return { ...(record as RunRecord), config: parseSavedConfig(record?.config) };
  } catch (error) {
    return refuse((error as Error).message);
  }
}
