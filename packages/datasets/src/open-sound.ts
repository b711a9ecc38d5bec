import type { AudioFile } from '@audio-ssl/audio-decoders';
import { openAudioFile } from '@audio-ssl/audio-decoders/node';
import { createLogMelWindows, type LogMelOptions, type LogMelWindows } from '@audio-ssl/audio-frontend';

import { UnusableSound } from './skip-reason.js';

/** What decides the log-mels of a sound, beside the sound. */
export interface SoundSettings {
  readonly logMel: LogMelOptions;
  readonly fillShort: boolean;
  /** Frames of a piece of a long sound; `null`: a sound is one piece. */
  readonly segmentFrames: number | null;
  readonly channel: number | 'mean';
  readonly damaged: 'refuse' | 'keep';
  readonly ffmpeg: boolean;
}

/** A sound file that is open, and the front end for its sample rate. */
export interface OpenSound {
  readonly file: AudioFile;
  readonly windows: LogMelWindows;
}

/** Opens a sound; the caller closes its file. */
export async function openSound(path: string, settings: SoundSettings): Promise<OpenSound> {
  const { damaged, ffmpeg, channel } = settings;
  const file = await openAudioFile(path, { damaged, ffmpeg });
  try {
    if (channel !== 'mean' && channel >= file.channels) {
      throw new UnusableSound(
        `expected channel ${channel}, counted from 0, got ${file.channels === 1 ? 'one channel' : `${file.channels} channels`}; name another with \`channel\`, or 'mean'`,
        'no such channel',
      );
    }
    return { file, windows: windowsFor(file.sampleRate, settings) };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Front ends in use: making their tables takes longer than a short clip. */
const known = new Map<string, LogMelWindows>();
const MOST = 8;

function windowsFor(sampleRate: number, { logMel, fillShort }: SoundSettings): LogMelWindows {
  const key = JSON.stringify([sampleRate, logMel, fillShort]);
  const found = known.get(key) ?? createLogMelWindows(sampleRate, { ...logMel, fillShort });
  known.delete(key);
  known.set(key, found);
  if (known.size > MOST) known.delete(known.keys().next().value!);
  return found;
}
