import { renderReport, type ReportNeighbours, type ReportProbe, type ReportSpectrogram } from '@audio-ssl/report';
import { readJsonOr, runFiles, writeRunFile } from '@audio-ssl/trainer';
import { basename, join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { readRunLog, readRunNotes, trainingSeconds } from './run-log.js';
import { withReportLock } from './report-lock.js';
import { readRunRecord, type RunSummary } from './run-record.js';
import { runProgress } from './runs/run-progress.js';

/**
 * Writes `report.html` of a run from what is in its folder, whether it has ended, was stopped or is under way: then the page
 * says at which step.
 *
 * @param run the run's folder
 * @returns the path of the page
 * @throws InputError or FileError when the folder holds no run, or a file is damaged or cannot be written
 * @example
 * console.log(await writeReport('runs/first')); // runs/first/report.html
 */
export async function writeReport(run: string): Promise<string> {
  await readRunRecord(run); // no lock in a folder that is no run
  return await withReportLock(run, () => write(run));
}

async function write(run: string): Promise<string> {
  const record = await readRunRecord(run);
  const { config, command, measured } = record;
  const path = (file: string): string => join(run, file);
  const summary = await readJsonOr<Partial<RunSummary>>(path(runFiles.summary), {});
  const environment = await readJsonOr<Record<string, string>>(path(runFiles.environment), {});
  const page = renderReport({
    name: basename(resolve(run)),
    created: new Date().toISOString().slice(0, 16).replace('T', ' ') + ' UTC',
    seed: config.seed,
    preset: config.preset,
    variant: record.method ?? config.variant,
    backend: environment.backend ?? 'unknown',
    ...(await runProgress(run, measured.steps)),
    batchSize: config.batchSize,
    trainingSeconds: await trainingSeconds(run),
    ...(summary.parameters !== undefined && { parameters: summary.parameters }),
    ...(summary.dataset && { dataset: summary.dataset }),
    log: await readRunLog(run, record),
    notes: await readRunNotes(run),
    spectrograms: await readJsonOr<readonly ReportSpectrogram[]>(path(runFiles.examples), []),
    neighbours: await readJsonOr<readonly ReportNeighbours[]>(path(runFiles.neighbours), []),
    probes: await readJsonOr<readonly ReportProbe[]>(path(runFiles.probes), []),
    config: stringify({ ...config, measured }),
    environment,
    repeat:
      command === undefined
        ? []
        : [
            ...(environment['git commit'] ? [`git checkout ${environment['git commit'].replace('+', '')}`] : []),
            command,
          ],
  });
  await writeRunFile(run, runFiles.report, page);
  return path(runFiles.report);
}
