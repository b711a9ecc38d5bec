import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '@audio-ssl/backend';

const PACKAGES = ['torch==2.13.0', 'torchaudio==2.11.0', 'numpy', 'safetensors', 'soundfile==0.14.0'];
const LIST = `${PACKAGES.join('\n')}\n`;
const DISK = 8e9;

const folder = (): string => join(cacheFolder(), 'bench-pytorch-2.13');

/** The Python that has PyTorch: `$AUDIO_SSL_BENCH_PYTHON`, else that of the environment that {@link setUpPytorch} makes. */
export const python = (): string => process.env['AUDIO_SSL_BENCH_PYTHON'] || join(folder(), 'bin', 'python');

/**
 * Makes a Python environment of its own for the counterparts, once.
 *
 * @throws Error with the next step when Python, pip, the network or the disk do not allow it.
 */
export function setUpPytorch(): void {
  if (process.env['AUDIO_SSL_BENCH_PYTHON']) return;
  const complete = join(folder(), 'complete');
  if (existsSync(complete) && readFileSync(complete, 'utf8') === LIST) return;
  mkdirSync(folder(), { recursive: true });
  const { bavail, bsize } = statfsSync(folder());
  if (bavail * bsize < DISK) {
    throw new Error(`bench: PyTorch needs ${DISK / 1e9} GB in ${folder()}; free some space or set AUDIO_SSL_CACHE`);
  }
  console.log(`PyTorch is installed for the comparison, once: about 5 GB in ${folder()}, several minutes`);
  rmSync(folder(), { recursive: true });
  must('python3', ['-m', 'venv', folder()], 'install python3 with venv (Debian: `apt install python3-venv`)');
  // torchaudio's newest release names an older PyTorch; its transforms are plain PyTorch and run on this one.
  const [torch, torchaudio, ...others] = PACKAGES as [string, string, ...string[]];
  const next = 'check the network and `pip config list`, then run it again';
  must(python(), ['-m', 'pip', 'install', '--quiet', torch, ...others], next);
  must(python(), ['-m', 'pip', 'install', '--quiet', '--no-deps', torchaudio], next);
  writeFileSync(complete, LIST);
}

function must(command: string, args: readonly string[], next: string): void {
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`bench: \`${command} ${args.join(' ')}\` failed; ${next}`);
}
