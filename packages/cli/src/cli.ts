import { quote } from '@audio-ssl/experiment';
import { Command, CommanderError } from 'commander';
import { createRequire } from 'node:module';
import { addAblate } from './commands/ablate.js';
import { addClassify } from './commands/classify.js';
import type { CommandContext } from './commands/context.js';
import { addConvert } from './commands/convert.js';
import { addDoctor } from './commands/doctor.js';
import { addEmbed } from './commands/embed.js';
import { addPretrain } from './commands/pretrain.js';
import { addProbe } from './commands/probe.js';
import { addReplay } from './commands/replay.js';
import { addReport } from './commands/report.js';
import { addRuns } from './commands/runs.js';
import { addSetup } from './commands/setup.js';
import { speakFor } from './terminal/in-flags.js';
import { printError } from './terminal/print-error.js';
import { printable } from './terminal/printable.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

/**
 * Runs the `audio-ssl` command: prints to standard output and standard error, and listens for Ctrl-C while it works.
 *
 * @param args what follows the command's name
 * @returns the exit code: 0, 1 for a failure, 2 for a command line that can't be understood, 130 when interrupted
 * @example
 * process.exitCode = await runCli(['pretrain', '--data', 'recordings', '--out', 'runs/first']);
 */
export async function runCli(args: readonly string[]): Promise<number> {
  let code = 0;
  const program = createProgram({
    line: `audio-ssl ${args.map(quote).join(' ')}`,
    exitWith: (exitCode) => {
      code = exitCode;
    },
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return printError(error);
  }
}

function createProgram(context: CommandContext): Command {
  const program = new Command('audio-ssl')
    .description('Self-supervised learning on audio: set up, pretrain, probe, embed')
    .version(version)
    .configureOutput({
      writeOut: (text) => process.stdout.write(printable(text)),
      writeErr: (text) => process.stderr.write(printable(text)),
    })
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for the options)')
    .exitOverride()
    .hook('preAction', (_, { options }) => speakFor(options.flatMap(({ long }) => long ?? [])));
  addSetup(program);
  addDoctor(program);
  addPretrain(program, context);
  addProbe(program);
  addReplay(program);
  addReport(program);
  addRuns(program);
  addAblate(program, context);
  addEmbed(program, context);
  addClassify(program, context);
  addConvert(program);
  return program;
}
