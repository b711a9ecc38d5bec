import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '@audio-ssl/backend';
import { python } from './pytorch-environment.js';
import type { SoundFormat } from './row.js';

const EXTENSIONS: Readonly<Record<SoundFormat, string>> = { FLAC: 'flac', MP3: 'mp3', Vorbis: 'ogg', Opus: 'opus' };
const folder = (): string => join(cacheFolder(), 'bench-sounds');

/** The file of that coding: 10 s of stereo. */
export const soundPath = (format: SoundFormat): string => join(folder(), `${format}.${EXTENSIONS[format]}`);

/** Encodes the files, by libsndfile. */
export function writeSounds(): void {
  const script = fileURLToPath(new URL('../pytorch/write-sounds.py', import.meta.url));
  const { status } = spawnSync(python(), [script, folder()], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`bench: ${script} failed; see above`);
}
