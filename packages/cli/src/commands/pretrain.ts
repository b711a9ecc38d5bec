import { loadConfig, pretrain } from '@audio-ssl/experiment';
import { runFiles } from '@audio-ssl/trainer';
import type { Command } from 'commander';
import { withInterrupts } from '../terminal/interrupts.js';
import { printResult } from '../terminal/print-result.js';
import { terminalReporter } from '../terminal/reporter.js';
import { startForTraining } from '../terminal/start-for-training.js';
import type { CommandContext } from './context.js';
import { collect, layoutList, path, presets } from './options.js';

interface PretrainArguments {
  readonly data: string;
  readonly out: string;
  readonly init?: string;
  readonly preset: string;
  readonly dataset?: string;
  readonly config?: string;
  readonly set?: readonly string[];
  readonly acceptDataChange?: boolean;
}

/** Adds `audio-ssl pretrain`. */
export function addPretrain(program: Command, context: CommandContext): void {
  program
    .command('pretrain')
    .description('pretrain on a folder of audio, without labels; resumes an interrupted run')
    .requiredOption('--data <folder>', 'folder of sounds', path)
    .requiredOption('--out <run>', 'folder of the run: checkpoints, log, weights, report', path)
    .option(
      '--init <checkpoint>',
      'start from a checkpoint (MATPAC, MATPAC++, M2D or a run) instead of at random',
      path,
    )
    .option('--preset <name>', `sizes and defaults: ${presets}`, 'tiny')
    .option('--dataset <layout>', `layout of the folder: ${layoutList}`)
    .option('--config <file.yaml>', 'settings in YAML')
    .option('--accept-data-change', 'resume though sounds were added, removed or changed, which the report then says')
    .option('--set <key=value...>', 'one setting, such as --set optimizer.learningRate=1e-3; may be repeated', collect)
    .action(async ({ dataset, config: file, preset, set = [], ...options }: PretrainArguments) => {
      const layout = dataset === undefined ? [] : [`data.dataset=${dataset}`];
      const config = await loadConfig({ preset, file, set: [...layout, ...set] });
      const { completed, step, steps } = await withInterrupts(async (signal) => {
        const backend = await startForTraining();
        const reporter = terminalReporter();
        return pretrain({ ...options, config, command: context.line, backend, reporter, signal });
      });
      if (completed) printResult(`finished ${steps} steps; report: ${options.out}/${runFiles.report}`);
      else {
        printResult(`stopped after step ${step} of ${steps}; the same command resumes there`);
        context.exitWith(130);
      }
    });
}
