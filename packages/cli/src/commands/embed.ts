import { embed, type EmbedOptions } from '@audio-ssl/experiment';
import { countedCauses } from '@audio-ssl/report';
import { type Command, Option } from 'commander';
import { inFlags } from '../terminal/in-flags.js';
import { withInterrupts } from '../terminal/interrupts.js';
import { printResult } from '../terminal/print-result.js';
import { printableLine } from '../terminal/printable.js';
import { printLine } from '../terminal/progress-bar.js';
import { terminalReporter } from '../terminal/reporter.js';
import type { CommandContext } from './context.js';
import {
  addSoundOptions,
  atStepOption,
  checkpointHelp,
  type Device,
  deviceOption,
  factOption,
  headsOption,
  inputsHelp,
  layersOption,
  type SoundArguments,
  startDevice,
} from './options.js';

type EmbedArguments = Pick<EmbedOptions, 'out' | 'layers' | 'frames' | 'mode' | 'frequency' | 'network' | 'atStep'> &
  SoundArguments & {
    readonly heads?: number;
    readonly fact?: EmbedOptions['facts'];
    readonly device: Device;
  };

/** Failures that are shown. */
const SHOWN = 5;

/** The first of each cause, the commonest causes first. */
function oneOfEach<F extends { readonly cause: string }>(failed: readonly F[]): readonly F[] {
  const byCause = new Map<string, { readonly first: F; count: number }>();
  for (const first of failed) {
    const known = byCause.get(first.cause);
    if (known) known.count++;
    else byCause.set(first.cause, { first, count: 1 });
  }
  const commonest = [...byCause.values()].sort((a, b) => b.count - a.count);
  return commonest.slice(0, SHOWN).map(({ first }) => first);
}

/** Adds `audio-ssl embed`. */
export function addEmbed(program: Command, context: CommandContext): void {
  const command = program
    .command('embed')
    .description('embed sounds: one vector a file, or one a time step; resumes an interrupted command')
    .argument('<checkpoint>', checkpointHelp)
    .argument('<inputs...>', inputsHelp)
    .option('--out <file>', 'where to write: .npy, .safetensors, .jsonl or .parquet', 'embeddings.jsonl')
    .addOption(layersOption('each by itself'))
    .option('--frames', 'one vector a time step (160 ms) instead of their mean')
    .addOption(
      new Option('--mode <mode>', 'precise: as in the paper; fast: pieces filled up')
        .choices(['precise', 'fast'])
        .default('precise'),
    )
    .addOption(
      new Option('--frequency <how>', 'frequency patches side by side or averaged')
        .choices(['concat', 'mean'])
        .default('concat'),
    )
    .addOption(
      new Option('--network <which>', 'of a training checkpoint').choices(['student', 'teacher']).default('student'),
    )
    .addOption(atStepOption())
    .addOption(headsOption())
    .addOption(factOption());
  addSoundOptions(command)
    .addOption(deviceOption())
    .action(async (checkpoint: string, inputs: string[], { device, heads, fact, ...options }: EmbedArguments) => {
      const { count, dims, failed, failedList, passedOver, noticesList } = await withInterrupts(async (signal) => {
        const backend = await startDevice(device);
        const reporter = terminalReporter();
        const { stdin } = process;
        return embed({
          checkpoint,
          inputs,
          stdin,
          ...options,
          numHeads: heads,
          facts: fact,
          backend,
          inWords: inFlags,
          reporter,
          signal,
        });
      });
      for (const { file, reason } of oneOfEach(failed)) printLine(printableLine(`failed: ${file}: ${inFlags(reason)}`));
      if (failed.length > 0) printLine(`${countedCauses(failed, 'failed')}; listed in ${failedList}`);
      if (passedOver.length > 0) printLine(`${countedCauses(passedOver, 'passed over')}; listed in ${noticesList}`);
      else if (noticesList !== undefined) printLine(`what is odd about each sound is in ${noticesList}`);
      printResult(`${count} file${count === 1 ? '' : 's'}, ${dims} values a vector, in ${options.out}`);
      if (failed.length > 0) context.exitWith(1);
    });
}
