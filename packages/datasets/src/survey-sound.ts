import { AudioError } from '@audio-ssl/audio-decoders';
import type { Spectrogram } from '@audio-ssl/audio-frontend';

import { cutPieces } from './cut-pieces.js';
import type { SoundFacts } from './log-mel-cache.js';
import { monoReader, type MonoReader } from './mono-reader.js';
import type { OpenSound, SoundSettings } from './open-sound.js';
import { readLogMel } from './read-log-mel.js';
import { soundLevels, type SoundLevels } from './sound-levels.js';
import { UnusableSound } from './skip-reason.js';

/** How the format of a sound ends that a system ffmpeg reads. */
const THROUGH_FFMPEG = ' (through ffmpeg)';
/** The most characters of a text that comes from the file: what is known of a sound must fit into its cache file's header. */
const LONGEST = 300;

const shortened = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

/** What {@link surveySound} is told. */
export interface SurveyOptions {
  readonly settings: SoundSettings;
  /** Whether the log-mels of a sound of so many pieces are wanted; without, the sound is read and no more. */
  readonly wanted: (pieces: number) => boolean;
  /** Gets the log-mel of each piece in turn, and how many there are. A second time from 0 where the sound turns out to be shorter than it declares. */
  readonly onPiece: (piece: number, pieces: number, spectrogram: Spectrogram) => Promise<void>;
  /** Called after each block with the samples read up to there; what it throws ends the survey. */
  readonly onBlock: (end: number) => void;
}

/**
 * Reads a sound from its start to its end: finds out whether it can be used, how long it is and what is odd about it, and
 * makes its log-mels on the way, piece by piece.
 */
export async function surveySound(
  sound: OpenSound,
  options: SurveyOptions,
): Promise<SoundFacts & { readonly reader: MonoReader }> {
  const { file } = sound;
  const { channel, damaged } = options.settings;
  const { onBlock } = options;
  const known = (samples: number, frames: number, levels: SoundLevels, reader: MonoReader) => {
    const notices = levels.notices();
    if (file.damage !== undefined) notices.push({ kind: 'damaged', message: shortened(file.damage) });
    if (file.format.endsWith(THROUGH_FFMPEG)) {
      const format = file.format.slice(0, -THROUGH_FFMPEG.length);
      notices.push({ kind: 'through ffmpeg', message: shortened(format) });
    }
    return { samples, frames, notices, reader };
  };
  let samples = file.frames;
  if (samples === undefined) {
    const levels = soundLevels();
    const reader = monoReader(file, { channel, levels, onBlock });
    samples = await reader.pass(0, Infinity);
    const frames = sound.windows.frames(samples);
    const { segmentFrames } = options.settings;
    if (frames > 0 && !options.wanted(cutPieces(frames, segmentFrames).length))
      return known(samples, frames, levels, reader);
  }
  for (let pass = 0; pass < 2; pass++) {
    const levels = soundLevels();
    const reader = monoReader(file, { channel, levels, onBlock });
    const { end, frames } = await readAll(sound, reader, samples, options);
    if (end === samples) return known(samples, frames, levels, reader);
    if (damaged !== 'keep') break;
    samples = end; // what it declares is not there: once more, with what is
  }
  throw new AudioError(
    `expected ${samples} samples a channel, as the file declares, got fewer; it is truncated, fetch it again`,
    'truncated',
    file.format,
  );
}

async function readAll(
  { file, windows }: OpenSound,
  reader: MonoReader,
  total: number,
  { settings: { logMel, segmentFrames }, wanted, onPiece }: SurveyOptions,
): Promise<{ readonly end: number; readonly frames: number }> {
  const frames = windows.frames(total);
  if (total === 0) throw new AudioError('expected samples, got none; the recording is empty', 'empty', file.format);
  if (frames === 0) {
    // what it declares may not be there: that is the better reason
    const end = await reader.pass(0, total);
    if (end < total) return { end, frames };
    const { center, fftSize, sampleRate } = logMel;
    const needed = center ? Math.floor(fftSize / 2) + 1 : fftSize;
    const got = Math.ceil((total * sampleRate) / file.sampleRate);
    throw new UnusableSound(
      `too short: expected at least ${needed} samples at ${sampleRate} Hz, which is one frame, got ${got}; leave it out`,
      'too short',
    );
  }
  const pieces = cutPieces(frames, segmentFrames);
  if (wanted(pieces.length)) {
    let first = 0;
    for (const [piece, count] of pieces.entries()) {
      const bins = logMel.melBins;
      const spectrogram = await readLogMel(reader, windows, { first, count, total, bins });
      if (!spectrogram) break;
      await onPiece(piece, pieces.length, spectrogram);
      first += count;
    }
  }
  // what no frame shows belongs to the sound all the same: its levels, its damage
  return { end: await reader.pass(reader.position, total), frames };
}
