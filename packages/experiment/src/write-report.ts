import { basename, join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { renderReport } from '@audio-ssl/report';
import type { ReportNeighbours, ReportProbe, ReportSpectrogram } from '@audio-ssl/report';
import { readRunJson, readRunJsonOr, runFiles, writeRunFile } from './run-directory.js';
import { readRunLog, readRunNotes } from './run-log.js';
import { readRunRecord, type RunSummary } from './run-record.js';

/**
 * Writes `report.html` of a run from what its commands have left in the folder.
 *
 * @returns the path of the page
 */
export async function writeReport(run: string): Promise<string> {
  const record = await readRunRecord(run);
  const { config, command, measured } = record;
  const summary = await readRunJson<RunSummary>(run, runFiles.summary);
  const environment = await readRunJson<Record<string, string>>(run, runFiles.environment);
  const page = renderReport({
    name: basename(resolve(run)),
    command,
    created: new Date().toISOString().slice(0, 16).replace('T', ' ') + ' UTC',
    seed: config.seed,
    preset: config.preset,
    variant: config.variant,
    backend: environment.backend ?? 'unknown',
    completed: summary.completed,
    step: summary.step,
    steps: summary.steps,
    batchSize: config.batchSize,
    trainingSeconds: summary.trainingSeconds,
    parameters: summary.parameters,
    dataset: summary.dataset,
    log: await readRunLog(run, record),
    notes: await readRunNotes(run),
    spectrograms: await readRunJsonOr<readonly ReportSpectrogram[]>(run, runFiles.examples, []),
    neighbours: await readRunJsonOr<readonly ReportNeighbours[]>(run, runFiles.neighbours, []),
    probes: await readRunJsonOr<readonly ReportProbe[]>(run, runFiles.probes, []),
    config: stringify({ ...config, measured }),
    environment,
    repeat: [
      environment['git commit'] ? `git checkout ${environment['git commit'].replace('+', '')}` : '',
      command,
    ].filter(Boolean),
  });
  await writeRunFile(run, runFiles.report, page);
  return join(run, runFiles.report);
}
