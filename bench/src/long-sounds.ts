/**
 * The most memory that each command takes on sounds of three hours, on a day of silence and on eight of them at once,
 * and what of it a clip of ten seconds takes, too: each in a process of its own. Needs an ffmpeg, 12 GB of disk and a run.
 *
 *     npm run matpac -- --out RUN
 *     node --import tsx --conditions=@audio-ssl/source bench/src/long-sounds.ts RUN [COMMAND or SOUND...]
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '@audio-ssl/backend';

const HOURS = 3;
const cli = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));
const folder = join(tmpdir(), 'audio-ssl-long-sounds');
const scratch = mkdtempSync(join(tmpdir(), 'audio-ssl-memory-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** Stereo with a beat, noise and a slow sweep: nothing that a coder makes small. */
const music = (seconds: number): string[] => [
  ...['-f', 'lavfi', '-i'],
  `aevalsrc='0.3*sin(2*PI*220*t)*mod(t\\,0.5)+0.1*(random(0)-0.5)|0.3*sin(2*PI*(300+40*sin(t/60))*t)+0.1*(random(1)-0.5)':s=44100:d=${seconds}`,
];
const silence = ['-f', 'lavfi', '-i', `anullsrc=r=16000:cl=mono:d=${24 * 3600}`, '-sample_fmt', 's16'];

const inputs = {
  'short.wav': music(10),
  'long.wav': music(HOURS * 3600),
  'long.flac': ['-i', join(folder, 'long.wav')],
  'long.mp3': ['-i', join(folder, 'long.wav'), '-b:a', '128k'],
  'day.flac': silence,
} as const;
type Input = keyof typeof inputs;

function make(): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, args] of Object.entries(inputs)) {
    const path = join(folder, name);
    if (existsSync(path)) continue;
    const partial = join(folder, `partial${extname(name)}`);
    execFileSync('ffmpeg', ['-v', 'error', '-y', ...args, partial], { stdio: 'inherit' });
    linkSync(partial, path);
    rmSync(partial);
  }
}

/** A folder with links to sounds, each under a name of its own: a file that is given twice is read once. */
function folderOf(name: string, sounds: readonly Input[]): string {
  const made = join(scratch, name);
  mkdirSync(made, { recursive: true });
  sounds.forEach((sound, i) => {
    const path = join(made, `${i}${extname(sound)}`);
    if (!existsSync(path)) linkSync(join(folder, sound), path);
  });
  return made;
}

/** A data set in the layout of ESC-50 with two classes and five folds: ten of the sounds, and short ones beside them. */
function labelled(name: string, sounds: readonly Input[]): string {
  const root = join(scratch, name);
  mkdirSync(join(root, 'meta'), { recursive: true });
  mkdirSync(join(root, 'audio'), { recursive: true });
  const rows = Array.from({ length: 20 }, (_, i) => {
    const sound = sounds[i] ?? 'short.wav';
    const file = `${i}${extname(sound)}`;
    copyFileSync(join(folder, sound), join(root, 'audio', file));
    return `${file},${(i % 5) + 1},${Math.floor(i / 5) % 2},class${Math.floor(i / 5) % 2},False,${i},A`;
  });
  writeFileSync(
    join(root, 'meta', 'esc50.csv'),
    ['filename,fold,target,category,esc10,src_file,take', ...rows].join('\n'),
  );
  return root;
}

/** A linear probe of two classes with made-up weights, for `classify`. */
function probeFile(dims: number): string {
  const path = join(scratch, 'probe.safetensors');
  const values = Float32Array.from({ length: 2 * dims + 2 }, (_, i) => Math.sin(i) / 10);
  const header = JSON.stringify({
    'probe.weight': { dtype: 'F32', shape: [2, dims], data_offsets: [0, 8 * dims] },
    'probe.bias': { dtype: 'F32', shape: [2], data_offsets: [8 * dims, 8 * dims + 8] },
  });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  writeFileSync(path, Buffer.concat([length, Buffer.from(header), Buffer.from(values.buffer)]));
  return path;
}

/** A cache with the native backend of the usual one and nothing else: log-mels are made anew in every command. */
function freshCache(): string {
  const cache = join(scratch, 'cache');
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(cache);
  const native = join(cacheFolder(), 'native');
  if (existsSync(native)) symlinkSync(native, join(cache, 'native'));
  return cache;
}

/** Runs the command, and returns the most memory that its process held, in MB, and its time. */
async function peakOf(args: readonly string[]): Promise<{ readonly mb: number; readonly seconds: number }> {
  const path = join(scratch, 'peak');
  const tell = `import { isMainThread } from 'node:worker_threads'; import { readFileSync, writeFileSync } from 'node:fs';
    if (isMainThread) process.on('exit', () => writeFileSync(${JSON.stringify(path)}, /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]));`;
  const began = performance.now();
  const flags = ['--import', `data:text/javascript,${encodeURIComponent(tell)}`, '--import', 'tsx'];
  const child = spawn(process.execPath, [...flags, '--conditions=@audio-ssl/source', cli, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, AUDIO_SSL_CACHE: freshCache() },
  });
  let said = '';
  child.stderr.on('data', (part) => (said = `${said}${part}`.slice(-4000)));
  const code = await new Promise<number | null>((done) => child.on('close', done));
  if (code !== 0) throw new Error(`bench: audio-ssl ${args.join(' ')} ended with ${code}:\n${said}`);
  return { mb: Number(readFileSync(path, 'utf8')) / 1024, seconds: (performance.now() - began) / 1000 };
}

const [run, ...only] = process.argv.slice(2);
if (run === undefined) throw new Error('bench: give the folder of a finished run');
make();
const { embedDim } = (
  JSON.parse(readFileSync(join(run, 'config.json'), 'utf8')) as {
    config: { model: { encoder: { embedDim: number } } };
  }
).config.model.encoder;
const probe = probeFile(5 * embedDim);

const eight: readonly Input[] = [
  ...(['long.wav', 'long.flac', 'long.mp3', 'day.flac'] as const),
  ...(['long.wav', 'long.flac', 'long.mp3', 'day.flac'] as const),
];
const sounds: Readonly<Record<string, readonly Input[]>> = {
  'a clip of 10 s': ['short.wav'],
  '3 h of WAV': ['long.wav'],
  '3 h of FLAC': ['long.flac'],
  '3 h of MP3': ['long.mp3'],
  'a day of silent FLAC': ['day.flac'],
  'eight at once': eight,
};
let at = 0;
const out = (suffix: string): string => join(scratch, `out-${at++}${suffix}`);
const pretrain = ['--preset', 'demo', '--set', 'steps=5', 'batchSize=8'];
const commands: Readonly<Record<string, (name: string) => string[]>> = {
  pretrain: (name) => ['pretrain', ...pretrain, '--data', folderOf(name, sounds[name]!), '--out', out('')],
  embed: (name) => ['embed', run, folderOf(name, sounds[name]!), '--out', out('.npy')],
  'embed --frames': (name) => ['embed', run, folderOf(name, sounds[name]!), '--frames', '--out', out('.parquet')],
  classify: (name) => ['classify', run, folderOf(name, sounds[name]!), '--probe', probe],
  probe: (name) => ['probe', run, '--dataset', 'esc50', '--root', labelled(`${name} labelled`, sounds[name]!)],
};
for (const [command, argsOf] of Object.entries(commands)) {
  if (!isAsked(command, Object.keys(commands))) continue;
  let alone: number | undefined;
  for (const name of Object.keys(sounds)) {
    // Silence has no class and no step to train on by itself.
    if (name === 'a day of silent FLAC' && command === 'pretrain') continue;
    if (!isAsked(name, Object.keys(sounds))) continue;
    const { mb, seconds } = await peakOf(argsOf(name));
    alone ??= mb;
    console.log(
      `${command.padEnd(16)} ${name.padEnd(22)} ${mb.toFixed(0).padStart(5)} MB, ${(mb - alone).toFixed(0).padStart(4)} beside a short clip  ${seconds.toFixed(0).padStart(5)} s`,
    );
  }
}

/** Whether a name was given, or none of its kind. */
function isAsked(name: string, all: readonly string[]): boolean {
  return only.includes(name) || !only.some((given) => all.includes(given));
}
