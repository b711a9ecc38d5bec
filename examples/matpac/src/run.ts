/**
 * The main job: pretrain MATPAC on the instrument notes of `data/` without labels, then ask a linear probe how well the
 * frozen features tell the instrument families apart, before and after.
 *
 *     npm run matpac                     # into runs/matpac; stopped runs go on where they were
 *     npm run matpac -- --out runs/two --set seed=2
 */
import { printError, setupBackend, startForTraining, withInterrupts } from '@audio-ssl/cli';
import { begunRun, loadConfig, pretrain, probe, probeSummary, readProbes, InputError } from '@audio-ssl/experiment';
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

async function run(args: readonly string[], signal: AbortSignal): Promise<number> {
  const { out, set } = readArguments(args);

  const { seconds: setupSeconds } = await setupBackend({ signal });
  const backend = await startForTraining();

  const began = performance.now();
  // A run goes on with the length that it was started with, whatever backend is there now.
  const begun = await begunRun(out);
  const minutes = set.some(asksForSteps) ? null : begun ? begun.config.minutes : length[backend.name];
  if (!begun && minutes !== null)
    console.error(`without the native backend the run gets ${minutes} minutes, and fewer steps`);
  const config = await loadConfig({ preset: 'demo', defaults: { data: { dataset: 'nsynth' }, minutes }, set });
  const command = ['npm run matpac', ...(args.length ? ['--', ...args] : [])].join(' ');
  const summary = await pretrain({ data, dataName, out, config, command, backend: backend.words, signal });
  if (!summary.completed) {
    console.log(`stopped after step ${summary.step} of ${summary.steps}; the same command goes on from there`);
    return 130;
  }
  const done = await readProbes(out);
  const probes = done.length ? done : await probe({ run: out, layout: 'nsynth', root: data, name: dataName, signal });
  const inMinutes = (seconds: number): string => `${(seconds / 60).toFixed(1)} min`;
  console.log(
    [
      '',
      ...probes.map(probeSummary),
      `${summary.steps} steps of ${config.batchSize} clips on ${backend.words}; training took ${inMinutes(summary.trainingSeconds)}, ` +
        `this session ${inMinutes((performance.now() - began) / 1000)} after ${inMinutes(setupSeconds)} of set-up`,
      `checkpoint: ${out}/checkpoints, weights: ${out}/weights.safetensors`,
      `report: ${out}/report.html`,
    ].join('\n'),
  );
  return 0;
}

try {
  process.exitCode = await withInterrupts((signal) => run(process.argv.slice(2), signal));
} catch (error) {
  process.exitCode = printError(error);
}
