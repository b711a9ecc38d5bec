/** What the command calls the options and functions that libraries name in their messages. */
const flags: Readonly<Record<string, string>> = {
  activation: '--activation',
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
  fewShot: '--few-shot',
  ffmpeg: '--no-ffmpeg',
  file: '--config',
  fineTuneEpochs: '--fine-tune',
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
  root: '--root',
  run: '<run>',
  sbatch: '--sbatch',
  seeds: '--seeds',
  segmentFrames: '--set data.segment=60',
  set: '--set',
  setupNative: '`audio-ssl setup`',
  suite: '--suite',
  task: '--task',
  to: '<to>',
  top: '--top',
};

/**
 * Puts a message of a library into the words of the command: an option in backticks becomes its flag, a setting in
 * backticks (`variant=m2d`) an argument of `--set`. Other text in backticks stays.
 */
export function inFlags(message: string): string {
  return message
    .replace(/`(\w+)`/g, (whole, name: string) => (Object.hasOwn(flags, name) ? (flags[name] as string) : whole))
    .replace(/`([A-Za-z][\w.]*=[^`\s]+)`/g, '--set $1');
}
