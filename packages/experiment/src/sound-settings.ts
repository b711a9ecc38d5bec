import { runFiles } from '@audio-ssl/trainer';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isRunFolder } from './open-checkpoint.js';
import { readRunRecord } from './run-record.js';

/** How sounds are read. */
export interface SoundSettings {
  /** The channel that is taken, counted from 0, or `'mean'`, the mean of all. That of the run by default, where there is one, else the mean. */
  readonly channel?: number | 'mean' | undefined;
  /** What becomes of truncated and damaged sounds: they are left out and listed (`'refuse'`), or what can be read of them is used. As in the run by default, else `'refuse'`. */
  readonly damaged?: 'refuse' | 'keep' | undefined;
  /** Whether a system `ffmpeg`, where there is one, reads what nothing else here can. As in the run by default, else true. */
  readonly ffmpeg?: boolean | undefined;
}

/** The same with every setting decided. */
export type DecidedSoundSettings = {
  readonly [Name in keyof SoundSettings]-?: Exclude<SoundSettings[Name], undefined>;
};

/** Settings as they are given; where they are not, those of a run. */
export function withDefaults({ channel, damaged, ffmpeg }: SoundSettings, run: SoundSettings): DecidedSoundSettings {
  return {
    channel: channel ?? run.channel ?? 'mean',
    damaged: damaged ?? run.damaged ?? 'refuse',
    ffmpeg: ffmpeg ?? run.ffmpeg ?? true,
  };
}

/**
 * How the sounds for a checkpoint are read: as is given, else as its run says, where it is the folder of one.
 *
 * @throws InputError or FileError for a damaged record of a run
 */
export async function soundSettings(checkpoint: string, given: SoundSettings): Promise<DecidedSoundSettings> {
  const isRun = isRunFolder(checkpoint) && existsSync(join(checkpoint, runFiles.config));
  return withDefaults(given, isRun ? (await readRunRecord(checkpoint)).config.data : {});
}
