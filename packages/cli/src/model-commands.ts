import { startBackend, type BackendName } from '@audio-ssl/backend';
import { tasks, type Activation, type Naming, type TaskName } from '@audio-ssl/pretrained';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { classify } from '@audio-ssl/experiment';
import { conversionTable, convert } from '@audio-ssl/experiment';
import { embed, type EmbedOptions } from '@audio-ssl/experiment';
import { withInterrupts } from './interrupts.js';
import { startForTraining } from './start-for-training.js';
import { layersOption } from './layers-option.js';
import { InputError } from '@audio-ssl/experiment';

const devices = ['auto', 'tensorflow', 'wasm', 'cpu'] as const;
type Device = (typeof devices)[number];

const deviceOption = (): Option =>
  new Option('--device <name>', 'what computes; a GPU is used when `setup --gpu` was run')
    .choices(devices)
    .default('auto');
const headsOption = (): Option =>
  new Option('--heads <count>', 'attention heads, for checkpoints that are none of the published ones').argParser(
    count,
  );
const checkpointHelp =
  'a checkpoint (.pt, .pth, .safetensors) of MATPAC, MATPAC++, M2D or audio-ssl, or the folder of a run';
const inputsHelp = 'sounds (.wav, .flac), folders of them, or - for standard input: a sound, or paths, one a line';

const NOTHING_SAVED = {
  first: 'finishing this sound; Ctrl-C again stops at once',
  second: 'stopped at once',
  stopped: 'stopped; the same command begins again with the first sound',
};

/** Adds the commands that work with trained models: embed, classify, convert. */
export function addModelCommands(program: Command, setCode: (code: number) => void): void {
  program
    .command('embed')
    .description('embed sounds: one vector a file, or one a time step; goes on where an interrupted command was')
    .argument('<checkpoint>', checkpointHelp)
    .argument('<inputs...>', inputsHelp)
    .option('--out <file>', 'where to write: .npy, .safetensors, .jsonl or .parquet', 'embeddings.jsonl')
    .addOption(layersOption('each by itself'))
    .option('--frames', 'one vector a time step (160 ms) instead of their mean')
    .addOption(
      new Option(
        '--mode <mode>',
        'precise: as in the paper; fast: pieces filled up; interleaved: the order of the reference’s fast mode',
      )
        .choices(['precise', 'fast', 'interleaved'])
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
    .addOption(headsOption())
    .addOption(deviceOption())
    .action(
      async (
        checkpoint: string,
        inputs: string[],
        { device, ...options }: Omit<EmbedOptions, 'checkpoint' | 'inputs'> & { device: Device },
      ) => {
        await withInterrupts(async (signal) => {
          await startDevice(device);
          const { count: files, dims, failed, failedList } = await embed({ checkpoint, inputs, ...options, signal });
          for (const { file, reason } of failed.slice(0, 5)) console.error(`failed: ${file}: ${reason}`);
          if (failed.length > 0) console.error(`${failed.length} files failed; they are listed in ${failedList}`);
          console.log(`${files} files, ${dims} values a vector, in ${options.out}`);
          if (failed.length > 0) setCode(1);
        });
      },
    );

  program
    .command('classify')
    .description('name the most probable classes of sounds, with the class head of a checkpoint or a linear probe')
    .argument('<checkpoint>', checkpointHelp)
    .argument('<inputs...>', inputsHelp)
    .option('--probe <file>', 'a linear probe, for a checkpoint without a class head')
    .addOption(new Option('--task <name>', 'what the head was trained for').choices(Object.keys(tasks)))
    .option('--labels <file>', 'class names: CSV, JSON or lines')
    .addOption(new Option('--activation <name>', 'by default as the task needs it').choices(['softmax', 'sigmoid']))
    .option('--top <count>', 'how many classes', count, 5)
    .option('--json', 'one line of JSON a sound')
    .addOption(headsOption())
    .addOption(deviceOption())
    .action(
      async (
        checkpoint: string,
        inputs: string[],
        {
          device,
          json,
          ...options
        }: {
          probe?: string;
          task?: TaskName;
          labels?: string;
          activation?: Activation;
          top: number;
          heads?: number;
          json?: boolean;
          device: Device;
        },
      ) => {
        await withInterrupts(async (signal) => {
          await startDevice(device);
          for await (const result of classify({ checkpoint, inputs, ...options, signal })) {
            if (result.failed !== undefined) {
              console.error(`failed: ${result.file}: ${result.failed}`);
              setCode(1);
            }
            if (json) console.log(JSON.stringify(result));
            else if (result.classes) {
              const lines = result.classes.map(({ label, probability }) => `  ${probability.toFixed(3)}  ${label}`);
              console.log([result.file, ...lines].join('\n'));
            }
          }
        }, NOTHING_SAVED);
      },
    );

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
    .addOption(headsOption())
    .action(async (from: string, to: string, options: { names?: Naming; encoderOnly?: boolean; heads?: number }) => {
      console.log(conversionTable(await convert({ from, to, ...options })));
    });
}

async function startDevice(device: Device): Promise<void> {
  if (device === 'auto') {
    await startForTraining();
    return;
  }
  const { name, why }: { name: BackendName; why: string } = await startBackend({ prefer: device });
  if (name !== device) throw new InputError(`--device ${device}: ${why}`);
}

function count(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('expected a whole number of 1 or more');
  return number;
}
