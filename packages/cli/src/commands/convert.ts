import { convert, type ConvertOptions } from '@audio-ssl/experiment';
import { type Command, Option } from 'commander';
import { conversionTable } from '../terminal/conversion-table.js';
import { type InterruptWords, withInterrupts } from '../terminal/interrupts.js';
import { printResult } from '../terminal/print-result.js';
import { terminalReporter } from '../terminal/reporter.js';
import { atStepOption, checkpointHelp, factOption, headsOption } from './options.js';

type ConvertArguments = Pick<ConvertOptions, 'names' | 'encoderOnly' | 'network' | 'atStep'> & {
  readonly heads?: number;
  readonly fact?: ConvertOptions['facts'];
};

const NOTHING_WRITTEN: InterruptWords = {
  first: 'stopping; Ctrl-C again stops at once',
  second: 'stopped at once',
  stopped: 'stopped; nothing was written',
};

/** Adds `audio-ssl convert`. */
export function addConvert(program: Command): void {
  program
    .command('convert')
    .description('convert a checkpoint between PyTorch and safetensors, our names, the authors’ and M2D’s')
    .argument('<from>', checkpointHelp)
    .argument('<to>', 'the file to write: .safetensors, .pt or .pth')
    .addOption(
      new Option('--names <whose>', 'audio-ssl (default for .safetensors), matpac (default for .pt) or m2d').choices([
        'audio-ssl',
        'matpac',
        'm2d',
      ]),
    )
    .option('--encoder-only', 'leave out predictor, heads, teacher and centre, as the published files do')
    .addOption(
      new Option(
        '--network <which>',
        'of a file with a model and its average: student is the model, teacher the average',
      ).choices(['student', 'teacher']),
    )
    .addOption(atStepOption())
    .addOption(headsOption())
    .addOption(factOption())
    .action(async (from: string, to: string, { heads, fact, ...options }: ConvertArguments) => {
      const reporter = terminalReporter();
      const converted = await withInterrupts(
        (signal) => convert({ from, to, ...options, numHeads: heads, facts: fact, reporter, signal }),
        NOTHING_WRITTEN,
      );
      printResult(conversionTable(converted));
    });
}
