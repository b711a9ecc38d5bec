/** What the command calls the options and functions that libraries name in their messages. */
const flags: Readonly<Record<string, string>> = {
  acceptDataChange: '--accept-data-change',
  activation: '--activation',
  atStep: '--at-step',
  budget: '--budget',
  channel: '--channel',
  checkpoint: '<checkpoint>',
  convert: 'audio-ssl convert',
  damaged: '--damaged',
  data: '--data',
  dataName: '--name',
  directory: '--out',
  doctor: '`audio-ssl doctor`',
  encoderOnly: '--encoder-only',
  executor: '--executor',
  facts: '--fact',
  fewShot: '--few-shot',
  ffmpeg: '--no-ffmpeg',
  file: '--config',
  fineTuneEpochs: '--fine-tune',
  folder: '[folder]',
  folds: '--folds',
  force: '--force',
  frames: '--frames',
  frequency: '--frequency',
  from: '<from>',
  gpu: '--gpu',
  init: '--init',
  inputs: '<inputs>',
  knn: '--knn',
  labels: '--labels',
  layers: '--layers',
  layout: '--dataset',
  mode: '--mode',
  names: '--names',
  network: '--network',
  numHeads: '--heads',
  out: '--out',
  parallel: '--parallel',
  planOnly: '--plan',
  poolings: '--pool',
  preset: '--preset',
  pretrain: 'audio-ssl pretrain',
  probe: '--probe',
  protocol: '--protocol',
  replay: 'audio-ssl replay',
  root: '--root',
  run: '<run>',
  sbatch: '--sbatch',
  seeds: '--seeds',
  segmentFrames: '--set data.segment=60',
  set: '--set',
  setupNative: '`audio-ssl setup`',
  step: '--step',
  suite: '--suite',
  task: '--task',
  to: '<to>',
  top: '--top',
};

/** The settings behind options for which some commands have a flag of their own, and a value that is worth trying. */
const settings: Readonly<Record<string, readonly [key: string, value: string]>> = {
  channel: ['data.channel', '0'],
  damaged: ['data.damaged', 'keep'],
  ffmpeg: ['data.ffmpeg', 'false'],
  folds: ['probe.folds', '5'],
};

// There is one command in a process. Without one, all flags are there.
let there: ReadonlySet<string> | undefined;

/** Tells which flags the command has that runs now; an option without one is then named as a setting. */
export function speakFor(flagsOfCommand: Iterable<string>): void {
  there = new Set(flagsOfCommand);
}

function flagOf(name: string, value: string | undefined): string | undefined {
  const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
  const [key, usual] = Object.hasOwn(settings, name) ? settings[name]! : [];
  const lacking = there !== undefined && flag !== undefined && !there.has(flag) && there.has('--set');
  if (key !== undefined && lacking) return `--set ${key}=${value ?? usual}`;
  return flag === undefined || value === undefined ? flag : `${flag} ${value}`;
}

/**
 * Puts a message of a library into the words of the command: an option in backticks becomes its flag, a setting in
 * backticks (`variant=m2d`) an argument of `--set`. Other text in backticks stays.
 */
export function inFlags(message: string): string {
  return message
    .replace(/`(\w+)`(?: (keep|refuse|\d+)\b)?/g, (whole, name: string, value?: string) => flagOf(name, value) ?? whole)
    .replace(/`([A-Za-z][\w.]*=[^`\s]+)`/g, '--set $1');
}
