import { type Pooling, poolings, probeProtocols, type ProbeProtocolName } from '@audio-ssl/evaluation';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ablate } from '@audio-ssl/ablation';
import { parseDuration } from '@audio-ssl/ablation';
import { doTask, parseTask, taskName } from '@audio-ssl/ablation';
import { suiteName } from '@audio-ssl/ablation';
import { loadConfig } from '@audio-ssl/experiment';
import { withInterrupts } from './interrupts.js';
import { type Layers } from '@audio-ssl/experiment';
import { layersOption } from './layers-option.js';
import { addModelCommands } from './model-commands.js';
import { pretrain } from '@audio-ssl/experiment';
import { probe, probeSummary } from '@audio-ssl/experiment';
import { quote } from '@audio-ssl/experiment';
import { doctorReport, setupBackend } from './setup-backend.js';
import { startForTraining } from './start-for-training.js';
import { printError } from './print-error.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

/**
 * Runs the `audio-ssl` command.
 *
 * @param args what stands behind the command's name
 * @returns the exit code: 0, 1 for a failure, 2 for a command line that can't be understood, 130 when interrupted
 */
export async function runCli(args: readonly string[]): Promise<number> {
  let code = 0;
  const program = createProgram(args, (exitCode) => {
    code = exitCode;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return printError(error);
  }
}

function createProgram(args: readonly string[], setCode: (code: number) => void): Command {
  const commandLine = `audio-ssl ${args.map(quote).join(' ')}`;
  const program = new Command('audio-ssl')
    .description('Self-supervised learning on audio: set up, pretrain, probe, embed')
    .version(version)
    .showSuggestionAfterError()
    .showHelpAfterError('(add --help for the options)')
    .exitOverride();

  program
    .command('setup')
    .description('build the native backend, once per machine; where it cannot be had, wasm is used')
    .option('--gpu', 'take the CUDA build of TensorFlow and its libraries (several GB)')
    .option('--no-gpu', 'go back to the build for the processor; without either the build in use is kept')
    .option('--force', 'build again')
    .action(async (options: { gpu?: boolean; force?: boolean }) => {
      await withInterrupts((signal) => setupBackend({ ...options, signal }));
    });

  program
    .command('doctor')
    .description('print versions, backend, device, threads and speed, and what is missing')
    .action(async () => {
      console.log(await doctorReport());
    });

  program
    .command('pretrain')
    .description('pretrain on a folder of audio, without labels; goes on where an interrupted run was')
    .requiredOption('--data <folder>', 'folder of audio (.wav, .flac)', path)
    .requiredOption('--out <run>', 'folder of the run: checkpoints, log, weights, report', path)
    .option(
      '--init <checkpoint>',
      'start from a checkpoint (MATPAC, MATPAC++, M2D or a run) instead of at random',
      path,
    )
    .option('--preset <name>', 'sizes and defaults: demo, small-data, tiny, small or base', 'tiny')
    .option('--dataset <layout>', 'layout of the folder: folder, esc50 or nsynth')
    .option('--config <file.yaml>', 'settings in YAML')
    .option('--set <key=value...>', 'one setting, such as --set optimizer.learningRate=1e-3; may be repeated', collect)
    .action(
      async (options: {
        data: string;
        out: string;
        init?: string;
        preset: string;
        dataset?: string;
        config?: string;
        set?: string[];
      }) => {
        const set = [
          ...(options.dataset === undefined ? [] : [`data.dataset=${options.dataset}`]),
          ...(options.set ?? []),
        ];
        const config = await loadConfig({ preset: options.preset, file: options.config, set });
        await withInterrupts(async (signal) => {
          const { words: backend } = await startForTraining();
          const summary = await pretrain({
            data: options.data,
            out: options.out,
            config,
            init: options.init,
            command: commandLine,
            backend,
            signal,
          });
          if (!summary.completed) {
            console.log(`stopped after step ${summary.step} of ${summary.steps}; the same command goes on from there`);
            setCode(130);
          } else console.log(`finished ${summary.steps} steps; report: ${options.out}/report.html`);
        });
      },
    );

  program
    .command('probe')
    .description('probe a run on a labelled data set: random start, pretrained encoder and log-mel statistics')
    .argument('<run>', 'folder of a finished run')
    .addOption(
      new Option('--dataset <layout>', 'layout of the data set').choices(['esc50', 'nsynth']).makeOptionMandatory(),
    )
    .requiredOption('--root <folder>', 'folder of the data set', path)
    .addOption(
      new Option('--pool <pooling...>', `how frames become one vector a clip: ${poolings.join(', ')}`).argParser(
        pooling,
      ),
    )
    .addOption(
      new Option('--protocol <name>', 'how the linear probe is done')
        .choices(Object.keys(probeProtocols))
        .default('exact'),
    )
    .addOption(layersOption('several side by side'))
    .addOption(
      new Option(
        '--folds <count>',
        'folds where the data set has none of its own; the probe.folds of the run by default',
      ).argParser(atLeastTwo),
    )
    .addOption(new Option('--few-shot <clips>', 'also probe from so many clips of each class').argParser(atLeastOne))
    .addOption(new Option('--knn <neighbours>', 'also class by so many nearest neighbours').argParser(atLeastOne))
    .addOption(
      new Option('--fine-tune <epochs>', 'also train the whole encoder on the labels, from both starts').argParser(
        atLeastOne,
      ),
    )
    .action(async (run: string, options: ProbeArguments) => {
      await withInterrupts(async (signal) => {
        await startForTraining();
        const results = await probe({
          run,
          layout: options.dataset,
          root: options.root,
          poolings: options.pool,
          methods: { protocol: options.protocol, fewShot: options.fewShot, knn: options.knn },
          layers: options.layers,
          folds: options.folds,
          fineTuneEpochs: options.fineTune,
          signal,
        });
        console.log(`${results.map(probeSummary).join('\n')}\nreport: ${run}/report.html`);
      });
    });

  program
    .command('ablate')
    .description('run a suite of ablations: pretrain and probe each row with each seed, compare; goes on where it was')
    .requiredOption('--suite <name>', 'paper, masking, targets, or a YAML file')
    .requiredOption('--data <folder>', 'folder of a labelled data set; labels are for the probe alone')
    .option(
      '--out <folder>',
      'folder of the suite: runs, report.html, report.md, results.json (default: runs/ablate-<suite>)',
    )
    .addOption(
      new Option('--dataset <layout>', 'layout of the folder; found out when left out').choices(['esc50', 'nsynth']),
    )
    .option('--name <name>', 'what the report calls the data')
    .addOption(new Option('--seeds <count>', 'seeds a row').argParser(atLeastOne).default(3))
    .option(
      '--budget <time>',
      'time for all of it, such as 30m or 3h; without it every run has the steps of its configuration',
    )
    .option('--preset <name>', 'sizes and defaults of every run: demo, small-data, tiny, small or base', 'demo')
    .option('--config <file.yaml>', 'settings of every run in YAML')
    .option('--set <key=value...>', 'one setting of every run; may be repeated', collect)
    .addOption(new Option('--parallel <count>', 'runs at the same time; one a core by default').argParser(atLeastOne))
    .addOption(new Option('--executor <name>', 'where runs go').choices(['local', 'slurm']).default('local'))
    .option('--sbatch <option...>', 'options for sbatch, such as --sbatch=--partition=gpu', collect)
    .option('--plan', 'make the log-mels, time a few steps of each row, show the plan and its time, and start no run')
    .action(async (options: AblateArguments) => {
      const {
        config: file,
        plan: planOnly,
        budget,
        out = join('runs', `ablate-${suiteName(options.suite)}`),
      } = options;
      const { end, words, failed } = await withInterrupts((signal) =>
        ablate({
          ...options,
          out,
          file,
          planOnly,
          layout: options.dataset,
          dataName: options.name,
          budget: budget === undefined ? null : parseDuration(budget),
          command: commandLine,
          signal,
        }),
      );
      console.log(words);
      for (const { task, reason } of failed) console.error(`failed: ${taskName(task)}: ${reason}`);
      if (end === 'completed') console.log(`report: ${out}/report.html`);
      if (end === 'stopped') setCode(130);
      else if (failed.length > 0) setCode(1);
    });

  program
    .command('ablate-task', { hidden: true })
    .description('do one piece of a suite; ablate starts these')
    .argument('<folder>', 'folder of the suite')
    .argument('<task>', 'prepare, time:ROW, start:SEED or run:ROW:SEED')
    .action(async (folder: string, word: string) => {
      await withInterrupts(async (signal) => {
        const { words: backend } = await startForTraining();
        await doTask(folder, parseTask(word), { backend, signal });
      });
    });

  addModelCommands(program, setCode);

  return program;
}

interface ProbeArguments {
  readonly dataset: 'esc50' | 'nsynth';
  readonly root: string;
  readonly pool?: readonly Pooling[];
  readonly protocol: ProbeProtocolName;
  readonly layers?: Layers;
  readonly folds?: number;
  readonly fewShot?: number;
  readonly knn?: number;
  readonly fineTune?: number;
}

interface AblateArguments {
  readonly suite: string;
  readonly data: string;
  readonly out?: string;
  readonly dataset?: 'esc50' | 'nsynth';
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

const atLeastOne = (value: string): number => atLeast(1, value);
const atLeastTwo = (value: string): number => atLeast(2, value);

function atLeast(least: number, value: string): number {
  const count = Number(value);
  if (!Number.isInteger(count) || count < least)
    throw new InvalidArgumentError(`expected a whole number of ${least} or more`);
  return count;
}

function pooling(value: string, before: Pooling[] | undefined): Pooling[] {
  const known = poolings.find((name) => name === value);
  if (!known) throw new InvalidArgumentError(`expected one of ${poolings.join(', ')}`);
  return [...(before ?? []), known];
}

function path(value: string): string {
  if (value === '') throw new InvalidArgumentError('expected a path, got nothing; is a variable empty?');
  return value;
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
