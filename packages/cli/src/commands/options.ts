import { startBackend, type StartedBackend } from '@audio-ssl/backend';
import { labelledLayouts, layoutNames } from '@audio-ssl/datasets';
import { type EmbedOptions, InputError, type Layers, type SoundSettings } from '@audio-ssl/experiment';
import { sizes } from '@audio-ssl/matpac';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { startForTraining } from '../terminal/start-for-training.js';

const devices = ['auto', 'tensorflow', 'wasm', 'cpu'] as const;

/** What `--device` may be. */
export type Device = (typeof devices)[number];

/** The argument of the commands that work with a trained model. */
export const checkpointHelp =
  'a checkpoint (.pt, .pth, .safetensors) of MATPAC, MATPAC++, M2D or audio-ssl, a folder of the Hugging Face Hub with one, or the folder of a run';
/** The argument of the commands that take sounds. */
export const inputsHelp =
  'sounds, folders of them, or - for standard input: a sound, or paths, one a line or separated by NUL';
/** Names of presets, smallest first. */
export const presets = oneOf(Object.keys(sizes).reverse());
/** Names of layouts. */
export const layoutList = oneOf(layoutNames);

/** `--device`: what computes. */
export const deviceOption = (): Option =>
  new Option('--device <name>', 'what computes; a GPU is used when `setup --gpu` was run')
    .choices(devices)
    .default('auto' satisfies Device);

/** `--heads`: of checkpoints that do not say so. */
export const headsOption = (): Option =>
  new Option('--heads <count>', 'attention heads, for checkpoints other than the published ones').argParser(atLeast(1));

/** `--at-step`: an earlier checkpoint of a run. */
export const atStepOption = (): Option =>
  new Option(
    '--at-step <step>',
    'the checkpoint of a run after so many steps; the last one, or the newest of an unfinished run, by default',
  ).argParser(atLeast(0));

/** `--fact`: what a checkpoint does not say of its encoder. */
export const factOption = (): Option =>
  new Option(
    '--fact <key=value>',
    'what a checkpoint does not say, again and again: patch=16x16, bins, frontEnd, mean, std or chunkFrames',
  ).argParser(fact);

type Facts = NonNullable<EmbedOptions['facts']>;

function fact(given: string, before: Facts = {}): Facts {
  const [, key, value = ''] = /^(\w+)=(.+)$/.exec(given) ?? [];
  if (key === 'patch') {
    const [, frequency, time] = /^([1-9]\d*)x([1-9]\d*)$/.exec(value) ?? [];
    if (time === undefined) throw new InvalidArgumentError('expected a patch such as 16x16');
    return { ...before, patch: [Number(frequency), Number(time)] };
  }
  if (key === 'frontEnd') {
    if (value === 'matpac' || value === 'm2d' || value === 'm2d32k') return { ...before, frontEnd: value };
    throw new InvalidArgumentError('expected a front end of matpac, m2d or m2d32k');
  }
  if (key !== 'bins' && key !== 'mean' && key !== 'std' && key !== 'chunkFrames')
    throw new InvalidArgumentError(
      'expected patch=16x16, or bins, frontEnd, mean, std or chunkFrames in place of patch',
    );
  if (!Number.isFinite(Number(value))) throw new InvalidArgumentError(`expected a number for ${key}`);
  return { ...before, [key]: Number(value) };
}

/** What {@link addSoundOptions} leaves of a command line. */
export type SoundArguments = Pick<SoundSettings, 'channel' | 'damaged' | 'ffmpeg'>;

/** `--channel`, `--damaged` and `--no-ffmpeg`: how sounds are read, as in the run where they are left out. */
export function addSoundOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--channel <which>', 'mean, or one channel, counted from 0; as in the run, or the mean').argParser(
        channel,
      ),
    )
    .addOption(
      new Option('--damaged <how>', 'truncated and damaged sounds: refuse, or keep what can be read').choices([
        'refuse',
        'keep',
      ]),
    )
    .addOption(new Option('--no-ffmpeg', 'leave the formats that only a system ffmpeg reads').default(undefined));
}

function channel(value: string): number | 'mean' {
  if (value === 'mean') return value;
  if (/^\d+$/.test(value)) return Number(value);
  throw new InvalidArgumentError('expected mean, or a whole number from 0');
}

/** `--dataset`: a layout with labels. */
export const labelledOption = (description: string): Option =>
  new Option('--dataset <layout>', description).choices(labelledLayouts);

/** `--layers`; `taken` says what becomes of several. */
export function layersOption(taken: string): Option {
  const description = `blocks to take, from 0, such as 3,7,11, or all; ${taken}; the last one by default`;
  return new Option('--layers <list>', description).argParser((value): Layers => {
    if (value === 'all') return value;
    if (!/^\d+(,\d+)*$/.test(value)) throw new InvalidArgumentError('expected numbers from 0 such as 3,7,11, or all');
    return value.split(',').map(Number);
  });
}

/** Reads a whole number of `least` or more. */
export function atLeast(least: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (Number.isInteger(number) && number >= least) return number;
    throw new InvalidArgumentError(`expected a whole number of ${least} or more`);
  };
}

/** Reads a path; an empty one is refused, as a shell makes it of an empty variable. */
export function path(value: string): string {
  if (value === '') throw new InvalidArgumentError('expected a path, got nothing; is a variable empty?');
  return value;
}

/** Reads one of several values of an option that may be repeated. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** Starts the backend that `--device` asks for. */
export async function startDevice(device: Device): Promise<StartedBackend> {
  if (device === 'auto') return startForTraining();
  const backend = await startBackend({ prefer: device });
  if (backend.name !== device) throw new InputError(`--device ${device}: ${backend.why}`);
  return backend;
}

/** `a, b or c` */
function oneOf(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}
