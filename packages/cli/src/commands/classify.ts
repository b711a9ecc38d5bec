import { type Classified, classify, type ClassifyOptions } from '@audio-ssl/experiment';
import { headTasks } from '@audio-ssl/pretrained';
import { countedCauses } from '@audio-ssl/report';
import { type Command, Option } from 'commander';
import { inFlags } from '../terminal/in-flags.js';
import { type InterruptWords, withInterrupts } from '../terminal/interrupts.js';
import { printResult } from '../terminal/print-result.js';
import { printableLine } from '../terminal/printable.js';
import { printLine } from '../terminal/progress-bar.js';
import { terminalReporter } from '../terminal/reporter.js';
import type { CommandContext } from './context.js';
import {
  addSoundOptions,
  atLeast,
  checkpointHelp,
  type Device,
  deviceOption,
  factOption,
  headsOption,
  inputsHelp,
  type SoundArguments,
  startDevice,
} from './options.js';

type ClassifyArguments = Pick<ClassifyOptions, 'probe' | 'task' | 'labels' | 'activation' | 'top'> &
  SoundArguments & {
    readonly heads?: number;
    readonly fact?: ClassifyOptions['facts'];
    readonly json?: boolean;
    readonly device: Device;
  };

const NOTHING_SAVED: InterruptWords = {
  first: 'finishing this sound; Ctrl-C again stops at once',
  second: 'stopped at once',
  stopped: 'stopped; the same command begins again with the first sound',
};

/** Adds `audio-ssl classify`. */
export function addClassify(program: Command, context: CommandContext): void {
  const command = program
    .command('classify')
    .description('name the most probable classes of sounds, with the class head of a checkpoint or a linear probe')
    .argument('<checkpoint>', checkpointHelp)
    .argument('<inputs...>', inputsHelp)
    .option('--probe <file>', 'a linear probe, for a checkpoint without a class head')
    .addOption(new Option('--task <name>', 'what the head was trained for').choices(Object.keys(headTasks)))
    .option('--labels <file>', 'class names: CSV, JSON or lines')
    .addOption(new Option('--activation <name>', 'by default as the task needs it').choices(['softmax', 'sigmoid']))
    .option('--top <count>', 'how many classes', atLeast(1), 5)
    .option('--json', 'one line of JSON a sound')
    .addOption(headsOption())
    .addOption(factOption());
  addSoundOptions(command)
    .addOption(deviceOption())
    .action(
      async (checkpoint: string, inputs: string[], { device, json, heads, fact, ...options }: ClassifyArguments) => {
        await withInterrupts(async (signal) => {
          const backend = await startDevice(device);
          const reporter = terminalReporter();
          const { stdin } = process;
          const all = {
            checkpoint,
            inputs,
            stdin,
            ...options,
            numHeads: heads,
            facts: fact,
            backend,
            reporter,
            signal,
          };
          const failed: Classified[] = [];
          const passedOver: Classified[] = [];
          let classified = 0;
          for await (const found of classify(all)) {
            const result = wordsInFlags(found);
            if (result.failed !== undefined) {
              failed.push(result);
              printLine(printableLine(`failed: ${result.file}: ${result.failed}`));
              context.exitWith(1);
            } else if (result.passedOver !== undefined) passedOver.push(result);
            else classified++;
            if (json) printResult(JSON.stringify(result));
            else if (result.classes) printResult(classLines(result));
          }
          if (passedOver.length > 0)
            printLine(`${countedCauses(passedOver, 'passed over')}${json ? '' : '; --json lists them'}`);
          if (failed.length > 1) printLine(countedCauses(failed, 'failed'));
          if (classified === 0)
            printLine('audio-ssl: not one sound can be used; do as each line says, or name other sounds');
        }, NOTHING_SAVED);
      },
    );
}

/** The result with flags in place of the names of options. */
function wordsInFlags(result: Classified): Classified {
  const { failed, notices } = result;
  return {
    ...result,
    ...(failed !== undefined && { failed: inFlags(failed) }),
    ...(notices && {
      notices: notices.map((notice) => ({
        ...notice,
        ...(notice.next !== undefined && { next: inFlags(notice.next) }),
      })),
    }),
  };
}

function classLines({ file, classes = [] }: Classified): string {
  const lines = [file, ...classes.map(({ label, probability }) => `  ${probability.toFixed(3)}  ${label}`)];
  return lines.map(printableLine).join('\n');
}
