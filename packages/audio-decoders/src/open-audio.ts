import { AudioError } from './audio-error.js';
import type { AudioFile, AudioSource, ByteReader, OpenAudioOptions } from './audio-file.js';
import { readerOf } from './bytes/reader-of.js';
import { checkedFile } from './checked-file.js';
import { openCoded } from './codec/open-coded.js';
import { openPcm } from './pcm/open-pcm.js';
import { sniffFormat } from './sniff/sniff-format.js';

/**
 * Opens a sound, whatever format its content says, to read it in parts.
 *
 * Read: WAV (also RIFX, RF64, BW64, W64), AIFF, AIFF-C, AU and CAF with PCM of up to 64 bits, float, A-law, mu-law, IMA
 * and Microsoft ADPCM; MP1 to MP3, Vorbis, Opus, FLAC, AAC-LC and ALAC, in MP3, Ogg, MP4, ADTS, Matroska, WebM, CAF or WAV.
 * An integer of b bits is divided by 2^(b-1). An ID3v2 tag before a file is skipped, and so is what stands behind the sound.
 *
 * What the header declares is compared with what is there. Sizes that programs leave open as they write to a pipe mean "to
 * the end of the file", and a header that declares up to 128 bytes (and 3 %) too much passes for one that is a little off.
 *
 * @throws {AudioError} When the content is no sound (naming what it looks like), holds no samples, is in a coding that is
 *   not read (naming it), is truncated (with the seconds that are missing; not with `damaged: 'keep'`), or has a sample
 *   rate that is not within 1 to 768 kHz. `read` throws one for damage that it comes to, and for a sample that is NaN,
 *   infinite, or beyond ±10000 (full scale is ±1).
 * @example
 * const sound = await openAudio(await fetch('/night.flac').then((answer) => answer.blob()));
 * const second = await sound.read(3600 * sound.sampleRate, sound.sampleRate); // the one after the first hour
 * sound.close();
 */
export async function openAudio(source: AudioSource, options: OpenAudioOptions = {}): Promise<AudioFile> {
  const { damaged = 'refuse' } = options;
  if (damaged !== 'refuse' && damaged !== 'keep') {
    throw new RangeError(`openAudio: expected \`damaged\` to be 'refuse' or 'keep', got ${JSON.stringify(damaged)}`);
  }
  const reader = await readerOf(source);
  try {
    const { file, format = file.format, sane } = await openReader(reader, options);
    return checkedFile(file, { format, sane, closeSource: () => reader.close?.() });
  } catch (error) {
    reader.close?.();
    throw error;
  }
}

/** What was opened, and its name where the container has one of its own. */
interface Opened {
  readonly file: AudioFile;
  readonly format?: string;
  readonly sane: boolean;
}

async function openReader(whole: ByteReader, options: OpenAudioOptions): Promise<Opened> {
  if (whole.size === 0) {
    throw new AudioError('openAudio: expected a sound file, got 0 bytes; the file is empty', 'empty');
  }
  const { format, reader } = sniffFormat(whole);
  if (format.kind === 'other') {
    throw new AudioError(
      `openAudio: expected a sound file, got ${format.name}; ${format.hint ?? 'leave it out, or fetch the sound itself'}`,
      'not audio',
      format.name,
    );
  }
  if (format.kind === 'unread') {
    const sentence = `openAudio: expected a format that is read here, got ${format.name}; convert it to FLAC or WAV`;
    throw new AudioError(sentence, 'unsupported', format.name);
  }
  if (!format.parse) {
    const file = await openCoded(reader, options);
    return { file, sane: file.sane };
  }
  const sound = format.parse(reader);
  if ('coding' in sound) return { file: openPcm(reader, sound, options), sane: !sound.coding.unbounded };
  const file = await openCoded(sound.coded, options);
  return { file, sane: true, ...(sound.name && { format: `${sound.container} (${sound.name})` }) };
}
