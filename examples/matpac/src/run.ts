/**
 * The main job: pretrain MATPAC on the instrument notes of `data/` without labels, then ask a linear probe how well the
 * frozen features tell the instrument families apart, before and after.
 *
 *     npm run matpac                     # into runs/matpac; resumes a run that was stopped
 *     npm run matpac -- --out runs/two --set seed=2
 */
import { printError, setupBackend, startForTraining, terminalReporter, withInterrupts } from '@audio-ssl/cli';
import { InputError, loadConfig, pretrain, probe, probeSummary, readProbes, resumableRun } from '@audio-ssl/experiment';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const data = fileURLToPath(new URL('../data', import.meta.url));
const dataName = 'instrument notes';
// A time budget where the number of steps that fit is not known: without native code a step takes several times longer.
const length = { tensorflow: null, wasm: 7, cpu: 7 };

const asksForSteps = (assignment: string): boolean => assignment.startsWith('steps=');

function readArguments(args: readonly string[]): { readonly out: string; readonly set: readonly string[] } {
  try {
    return parseArgs({
      args: [...args],
      options: {
        out: { type: 'string', default: 'runs/matpac' },
        set: { type: 'string', multiple: true, default: [] },
      },
    }).values;
  } catch (error) {
    throw new InputError(`${(error as Error).message}; this takes --out FOLDER and --set KEY=VALUE`, 'option');
  }
}

/** Trains and probes; returns what to print in the end. */
async function run(
  args: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly text: string; readonly exitCode: number }> {
  const { out, set } = readArguments(args);

  const { seconds: setupSeconds } = await setupBackend({ signal });
  const backend = await startForTraining();
  const reporter = terminalReporter();

  const began = performance.now();
  // A run keeps the length that it was started with, whatever backend is there now.
  const begun = await resumableRun(out);
  const minutes = set.some(asksForSteps) ? null : begun ? begun.config.minutes : length[backend.name];
  if (!begun && minutes !== null)
    reporter.note(`without the native backend the run gets ${minutes} minutes, and fewer steps`);
  const config = await loadConfig({ preset: 'demo', defaults: { data: { dataset: 'nsynth' }, minutes }, set });
  const command = ['npm run matpac', ...(args.length ? ['--', ...args] : [])].join(' ');
  const summary = await pretrain({ data, dataName, out, config, command, backend, reporter, signal });
  const { step, steps } = summary;
  if (!summary.completed)
    return { text: `stopped after step ${step} of ${steps}; the same command resumes there`, exitCode: 130 };
  const done = await readProbes(out);
  const probes = done.length
    ? done
    : await probe({ run: out, layout: 'nsynth', root: data, name: dataName, backend, reporter, signal });
  const inMinutes = (seconds: number): string => `${(seconds / 60).toFixed(1)} min`;
  const text = [
    '',
    ...probes.map(probeSummary),
    `${steps} steps of ${config.batchSize} clips on ${backend.name} ${backend.version} (${backend.device}); training took ${inMinutes(summary.trainingSeconds)}, ` +
      `this session ${inMinutes((performance.now() - began) / 1000)} after ${inMinutes(setupSeconds)} of set-up`,
    `checkpoint: ${out}/checkpoints, weights: ${out}/weights.safetensors`,
    `report: ${out}/report.html`,
  ].join('\n');
  return { text, exitCode: 0 };
}

try {
  const { text, exitCode } = await withInterrupts((signal) => run(process.argv.slice(2), signal));
  console.log(text);
  process.exitCode = exitCode;
} catch (error) {
  process.exitCode = printError(error);
}
