import { replay, type Replayed } from '@audio-ssl/experiment';
import { type Command, Option } from 'commander';
import { withInterrupts, type InterruptWords } from '../terminal/interrupts.js';
import { printResult } from '../terminal/print-result.js';
import { terminalReporter } from '../terminal/reporter.js';
import { startForTraining } from '../terminal/start-for-training.js';
import { atLeast, path } from './options.js';

const NOTHING_SAVED: InterruptWords = {
  first: 'stopping after this step; Ctrl-C again stops at once',
  second: 'stopped at once',
  stopped: 'stopped; nothing was written',
};

/** Adds `audio-ssl replay`. */
export function addReplay(program: Command): void {
  program
    .command('replay')
    .description('repeat one step of a run, such as one at which its loss was no number, and show every figure')
    .argument('<run>', 'folder of the run', path)
    .addOption(
      new Option('--step <number>', 'the step, from 0 as in the log').argParser(atLeast(0)).makeOptionMandatory(),
    )
    .action(async (run: string, { step }: { readonly step: number }) => {
      const replayed = await withInterrupts(async (signal) => {
        const backend = await startForTraining();
        return replay({ run, step, backend, reporter: terminalReporter(), signal });
      }, NOTHING_SAVED);
      printResult(replayedWords(replayed));
    });
}

/** Everything as lines; tensors with values that are no numbers first. */
function replayedWords({ step, from, metrics, scalars, clips, tensors }: Replayed): string {
  const named = (values: Readonly<Record<string, number>>): readonly string[] =>
    Object.entries(values).map(([name, value]) => `  ${name} ${number(value)}`);
  const broken = tensors.filter(({ before, after }) => before.nonFinite + after.nonFinite > 0);
  const whole = tensors.filter((tensor) => !broken.includes(tensor));
  const lines = [...broken, ...whole].map(
    ({ path: name, before, after }) =>
      `  ${name}: norm ${number(before.norm)} -> ${number(after.norm)}, largest ${number(before.largest)} -> ${number(after.largest)}` +
      (before.nonFinite + after.nonFinite > 0 ? `, no numbers ${before.nonFinite} -> ${after.nonFinite}` : ''),
  );
  return [
    `step ${step}, its state computed anew from ${from === 0 ? 'the start' : `the checkpoint of ${from} steps`}`,
    ...['measured:', ...named(metrics), 'set:', ...named(scalars)],
    ...[`batch of ${clips.length}:`, ...clips.map((clip) => `  ${clip}`)],
    `state, before -> after; ${broken.length} of ${tensors.length} tensors hold values that are no numbers:`,
    ...lines,
  ].join('\n');
}

const number = (value: number): string => (Number.isFinite(value) ? value.toPrecision(6) : String(value));
