import { lockHolder, newestCheckpoint, readJson, readJsonOr, runFiles } from '@audio-ssl/trainer';
import type { ReportProbe } from '@audio-ssl/report';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../input-error.js';
import { readRunRecord, type RunRecord } from '../run-record.js';
import type { RunFailure } from './run-failure.js';
import { runProgress } from './run-progress.js';

/** What a run is doing, or how it ended. */
export type RunState = 'running' | 'stopped' | 'completed' | 'failed' | 'damaged';

/** A run as {@link listRuns} finds it. */
export interface ListedRun {
  /** Its folder, relative to the folder that is listed. */
  readonly run: string;
  /** `running` while a living process holds its lock; `stopped` runs can be resumed. */
  readonly state: RunState;
  /** Why it failed or is damaged. */
  readonly why?: string;
  readonly preset?: string;
  /** The variant, or the method where it is one's own. */
  readonly variant?: string;
  /** When it was started, ISO 8601. */
  readonly started?: string;
  /** Steps done. */
  readonly step?: number;
  /** Steps to do in all. */
  readonly steps?: number;
  /** The best of its probes. */
  readonly best?: BestProbe;
  /** Of all its files. */
  readonly bytes: number;
  /** When a file in it was last changed, ISO 8601. */
  readonly changed: string;
}

/** A probe's accuracy. */
export interface BestProbe {
  /** In [0, 1]. */
  readonly accuracy: number;
  /** Pretrained minus random start; absent in runs of a suite, whose report holds it. */
  readonly gain?: number;
  readonly pooling: string;
  readonly dataset?: string;
  readonly method?: string;
}

const DEPTH = 8; // a suite's runs lie three folders below it
const ABOUT_RUNS: readonly string[] = [runFiles.config, runFiles.log, runFiles.checkpoints, runFiles.lock];

/**
 * Finds the runs in a folder and below it, those of suites too, newest first. A damaged one is listed as such. Only reads;
 * links to folders are not followed.
 *
 * @throws InputError when the folder cannot be read
 * @example
 * for (const { run, state, step, steps } of await listRuns('runs')) console.log(run, state, `${step}/${steps}`);
 */
export async function listRuns(folder: string): Promise<readonly ListedRun[]> {
  const found: ListedRun[] = [];
  const visit = async (path: string, depth: number): Promise<void> => {
    const entries = await readdir(join(folder, path), { withFileTypes: true }).catch((error: Error) => {
      if (path === '')
        throw new InputError(`\`folder\` ${folder} cannot be read (${error.message}); name the folder that holds runs`);
      return undefined; // unreadable or gone meanwhile: it may be no run's
    });
    if (entries === undefined) return;
    if (await isRun(join(folder, path), new Set(entries.map(({ name }) => name)))) {
      found.push(await describe(folder, path));
      return;
    }
    if (depth === DEPTH) return;
    for (const entry of entries) if (entry.isDirectory()) await visit(join(path, entry.name), depth + 1);
  };
  await visit('', 0);
  return found.sort((a, b) => time(b) - time(a) || (a.run < b.run ? -1 : 1));
}

const time = ({ started, changed }: ListedRun): number => Date.parse(started ?? changed);

/** Many programs write a `config.json`: one alone is a run's only where it says what was measured. */
async function isRun(path: string, names: ReadonlySet<string>): Promise<boolean> {
  const files = ABOUT_RUNS.filter((file) => names.has(file));
  if (files.length !== 1) return files.length > 1;
  if (files[0] === runFiles.lock || files[0] === runFiles.log) return true; // before its first step, or made with `train`
  if (files[0] === runFiles.checkpoints) return (await newestCheckpoint(path).catch(() => undefined)) !== undefined;
  const record = await readJson<Partial<RunRecord> | null>(join(path, runFiles.config)).catch(() => undefined);
  return typeof record === 'object' && record?.measured !== undefined;
}

async function describe(folder: string, path: string): Promise<ListedRun> {
  const run = join(folder, path);
  const { bytes, changed } = await usage(run);
  const common = { run: path === '' ? '.' : path, bytes, changed: new Date(changed).toISOString() };
  const running = (await lockHolder(run, runFiles.lock)) !== undefined;
  try {
    return { ...common, ...(await contents(run, running)) };
  } catch (error) {
    // A file of a run that is under way may have been about to be written.
    return { ...common, state: running ? 'running' : 'damaged', why: (error as Error).message };
  }
}

async function contents(run: string, running: boolean): Promise<Omit<ListedRun, 'run' | 'bytes' | 'changed'>> {
  const names = new Set(await readdir(run));
  // A run that `train` made has no record.
  const record = names.has(runFiles.config) ? await readRunRecord(run) : undefined;
  const steps = record?.measured.steps;
  const { completed, step } = await runProgress(run, steps ?? Infinity);
  const best = await bestProbe(run);
  const failure = await readJsonOr<RunFailure | undefined>(join(run, runFiles.failure), undefined);
  if (!completed) await newestCheckpoint(run); // throws where none of them can be resumed from
  return {
    state: running ? 'running' : completed ? 'completed' : failure ? 'failed' : 'stopped',
    ...(failure && !running && !completed && { why: failure.message }),
    ...(record && {
      preset: record.config.preset,
      variant: record.method ?? record.config.variant,
      started: record.started,
    }),
    step,
    ...(steps !== undefined && { steps }),
    ...(best && { best }),
  };
}

/** The best probe in the run's report, or of the suite that the run is part of. */
async function bestProbe(run: string): Promise<BestProbe | undefined> {
  const probes = await readJsonOr<readonly ReportProbe[]>(join(run, runFiles.probes), []);
  const found = probes.map(
    ({ dataset, pooling, method, pretrained, gain }): BestProbe => ({
      ...{ accuracy: pretrained.value, gain: gain.value, pooling, dataset },
      ...(method !== undefined && { method }),
    }),
  );
  const result = await readJsonOr<{ readonly accuracy?: Readonly<Record<string, number>> }>(join(run, 'result.json'), {});
  for (const [pooling, accuracy] of Object.entries(result.accuracy ?? {})) found.push({ accuracy, pooling });
  return found.sort((a, b) => b.accuracy - a.accuracy)[0];
}

/** Bytes of all files below a folder, and when the last of them was changed, in ms; what cannot be read counts nothing. */
async function usage(path: string): Promise<{ readonly bytes: number; readonly changed: number }> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return { bytes: 0, changed: 0 };
  if (!stats.isDirectory()) return { bytes: stats.size, changed: stats.mtimeMs };
  let [bytes, changed] = [0, 0];
  for (const name of await readdir(path).catch(() => [])) {
    const inner = await usage(join(path, name));
    bytes += inner.bytes;
    changed = Math.max(changed, inner.changed);
  }
  return { bytes, changed: changed || stats.mtimeMs };
}
