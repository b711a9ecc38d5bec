import { ablate, suiteFiles, suiteName, taskName } from '@audio-ssl/ablation';
import type { LayoutName } from '@audio-ssl/datasets';
import { resultTables } from '@audio-ssl/report';
import { type Command, Option } from 'commander';
import { join } from 'node:path';
import { parseDuration } from '../terminal/duration.js';
import { inFlags } from '../terminal/in-flags.js';
import { withInterrupts } from '../terminal/interrupts.js';
import { planWords } from '../terminal/plan-words.js';
import { printResult } from '../terminal/print-result.js';
import { printableLine } from '../terminal/printable.js';
import { printLine } from '../terminal/progress-bar.js';
import { terminalReporter } from '../terminal/reporter.js';
import type { CommandContext } from './context.js';
import { atLeast, collect, labelledOption, presets } from './options.js';

interface AblateArguments {
  readonly suite: string;
  readonly data: string;
  readonly out?: string;
  readonly dataset?: LayoutName;
  readonly name?: string;
  readonly seeds: number;
  readonly budget?: string;
  readonly preset: string;
  readonly config?: string;
  readonly set?: readonly string[];
  readonly parallel?: number;
  readonly executor: 'local' | 'slurm';
  readonly sbatch?: readonly string[];
  readonly plan?: boolean;
}

/** Adds `audio-ssl ablate`. */
export function addAblate(program: Command, context: CommandContext): void {
  program
    .command('ablate')
    .description(
      'run a suite of ablations: pretrain and probe each row with each seed, compare; resumes where it stopped',
    )
    .requiredOption('--suite <name>', 'paper, masking, targets, or a YAML file')
    .requiredOption('--data <folder>', 'folder of a labelled data set; labels are for the probe alone')
    .option(
      '--out <folder>',
      'folder of the suite: runs, report.html, report.md, results.json (default: runs/ablate-<suite>)',
    )
    .addOption(labelledOption('layout of the folder; detected when left out'))
    .option('--name <name>', 'what the report calls the data')
    .addOption(new Option('--seeds <count>', 'seeds a row').argParser(atLeast(1)).default(3))
    .option(
      '--budget <time>',
      'time for all of it, such as 30m or 3h; without it every run has the steps of its configuration',
    )
    .option('--preset <name>', `sizes and defaults of every run: ${presets}`, 'demo')
    .option('--config <file.yaml>', 'settings of every run in YAML')
    .option('--set <key=value...>', 'one setting of every run; may be repeated', collect)
    .addOption(new Option('--parallel <count>', 'runs at the same time; one a core by default').argParser(atLeast(1)))
    .addOption(new Option('--executor <name>', 'where runs go').choices(['local', 'slurm']).default('local'))
    .option('--sbatch <option...>', 'options for sbatch, such as --sbatch=--partition=gpu', collect)
    .option('--plan', 'make the log-mels, time a few steps of each row, show the plan and its time, and start no run')
    .action(async ({ dataset, name, config, plan: planOnly = false, ...options }: AblateArguments) => {
      const { budget, out = join('runs', `ablate-${suiteName(options.suite)}`) } = options;
      const done = await withInterrupts((signal) =>
        ablate({
          ...options,
          out,
          file: config,
          planOnly,
          layout: dataset,
          dataName: name,
          budget: budget === undefined ? null : parseDuration(budget),
          command: context.line,
          onPlan: (plan, estimate) => {
            if (!planOnly) printLine(planWords(plan, estimate));
          },
          reporter: terminalReporter(),
          signal,
        }),
      );
      const { end, plan, estimate, results, failed } = done;
      if (end === 'planned' && estimate) printResult(planWords(plan, estimate));
      if (end === 'completed' && results) printResult(`${resultTables(results)}\n`);
      if (end === 'stopped')
        printResult(
          results
            ? `stopped with ${results.done} of ${results.total} runs done; the same command resumes`
            : 'stopped before the plan was made; the same command resumes',
        );
      for (const { task, reason } of failed) printLine(printableLine(`failed: ${taskName(task)}: ${inFlags(reason)}`));
      if (end === 'completed') printResult(`report: ${join(out, suiteFiles.report)}`);
      if (end === 'stopped') context.exitWith(130);
      else if (failed.length > 0) context.exitWith(1);
    });
}
