import { seeded, tinyArguments, tinyNotes } from '@audio-ssl/testing';
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** What attacks work on. */
export interface Ground {
  /** A folder for whatever they make. */
  readonly folder: string;
  /** Labelled notes in NSynth's layout. */
  readonly notes: string;
  /** The same sounds, many times. */
  readonly sounds: string;
  /** From 0 to 1, by the seed. */
  readonly random: () => number;
  /** The environment of the command: a cache of its own. */
  readonly env: NodeJS.ProcessEnv;
  /** The arguments of `pretrain` for a small run. */
  readonly pretrain: (out: string, ...more: readonly string[]) => readonly string[];
}

const COPIES = 12;

/** Makes sounds and settings for attacks. */
export async function makeGround(folder: string, seed: number): Promise<Ground> {
  const made = await tinyNotes();
  const notes = join(folder, 'notes');
  await cp(made, notes, { recursive: true });
  await rm(made, { recursive: true });
  const sounds = join(folder, 'sounds');
  await mkdir(sounds);
  for (const name of await readdir(join(notes, 'audio')))
    for (let i = 0; i < COPIES; i++) await cp(join(notes, 'audio', name), join(sounds, `${i}-${name}`));
  return {
    ...{ folder, notes, sounds },
    random: seeded(seed),
    env: { ...process.env, AUDIO_SSL_CACHE: process.env.AUDIO_SSL_CACHE ?? join(folder, 'cache') },
    pretrain: (out, ...more) => [
      ...['pretrain', '--preset', 'demo', '--data', notes, '--dataset', 'nsynth', '--out', out],
      ...tinyArguments,
      ...more,
    ],
  };
}
