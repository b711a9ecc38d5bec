import { AudioError } from '../audio-error.js';
import type { ByteReader, OpenAudioOptions } from '../audio-file.js';
import { ByteWindow } from './byte-window.js';
import { CodedFile } from './coded-file.js';
import { releaseDecoder, takeDecoder } from './decoder-instance.js';
import { Findings } from './findings.js';
import { openContainer } from './open-container.js';
import { PcmDecoder } from './pcm-decoder.js';

/** No coding of the module has more channels: that is Opus; and more of PCM nobody records. */
const MOST_CHANNELS = 255;

/**
 * Opens a sound in a coded format: MP1 to MP3, Vorbis, Opus, FLAC, AAC-LC or ALAC, in MP3, Ogg, MP4, ADTS, Matroska, CAF
 * or FLAC files; or PCM in MP4 and Matroska. Its `frames` is what the file declares; with `damaged: 'keep'`, what can be read of it.
 *
 * @throws {AudioError} `unsupported` for other codings, by name; `not audio` when it is none of these.
 */
export async function openCoded(reader: ByteReader, options: OpenAudioOptions = {}): Promise<CodedFile> {
  const decoder = await takeDecoder();
  const findings = new Findings(options.damaged ?? 'refuse');
  try {
    const demuxer = openContainer(new ByteWindow(reader), decoder, findings);
    const { channels } = demuxer.codec;
    if (!(Number.isInteger(channels) && channels >= 1 && channels <= MOST_CHANNELS)) {
      throw findings.error('damaged', `its header declares ${channels} channels`);
    }
    if (demuxer.codec.codec !== 'pcm') {
      return new CodedFile(demuxer, decoder, findings, () => releaseDecoder(decoder));
    }
    releaseDecoder(decoder);
    return new CodedFile(demuxer, new PcmDecoder(), findings, () => undefined);
  } catch (error) {
    releaseDecoder(decoder);
    throw findings.named(error instanceof AudioError ? error : unexpected(error));
  }
}

/** Reading a file can fail in any way, but a slip in taking a damaged container apart must cost that file alone. */
function unexpected(error: unknown): unknown {
  if (!(error instanceof RangeError || error instanceof TypeError)) return error;
  return new AudioError(
    `openAudio: expected sound, got a container that contradicts itself (${error.message}); the file is damaged, fetch it again`,
    'damaged',
    undefined,
    { cause: error },
  );
}
