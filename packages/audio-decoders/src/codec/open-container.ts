import { AudioError } from '../audio-error.js';
import { id3Length } from '../sniff/id3-length.js';
import { openAdtsStream } from './adts-stream.js';
import type { ByteWindow } from './byte-window.js';
import { CafDemuxer } from './caf-demuxer.js';
import { nameUnsupported } from './coded-file.js';
import type { DecoderInstance, ModuleSetup } from './decoder-instance.js';
import type { Demuxer } from './demuxer.js';
import type { Findings } from './findings.js';
import { openFlac } from './flac-chain.js';
import { MatroskaDemuxer } from './matroska-demuxer.js';
import { openMp4 } from './open-mp4.js';
import { openMpegStream } from './mpeg-stream.js';
import { openOgg } from './ogg-chain.js';

/** Kinds of the first box of MP4 and QuickTime files. */
const FIRST_BOXES = new Set(['ftyp', 'moov', 'mdat', 'wide', 'free', 'skip', 'pnot', 'styp', 'sidx', 'moof', 'uuid']);

/** Finds out by its content what container a file is, and opens it. */
export function openContainer(file: ByteWindow, decoder: DecoderInstance, findings: Findings): Demuxer {
  const demuxer = recognise(file, decoder, findings);
  const { codec } = demuxer;
  if (codec.codec === 'aac') refuseBandReplication(demuxer, codec, decoder, findings);
  return demuxer;
}

function recognise(file: ByteWindow, decoder: DecoderInstance, findings: Findings): Demuxer {
  const start = id3Length((position, length) => file.bytes(position, length), 0);
  const begin = file.text(start, 4);
  if (begin === 'fLaC') return openFlac(file, start, decoder, findings);
  if (begin === 'OggS') return openOgg(file, start, findings);
  if (begin === 'caff') return new CafDemuxer(file, findings);
  if (begin === '\x1aE\xdf\xa3') return new MatroskaDemuxer(file, findings);
  if (FIRST_BOXES.has(file.text(4, 4))) return openMp4(file, findings);
  const stream = openAdtsStream(file, start, findings) ?? openMpegStream(file, start, findings);
  if (stream) return stream;
  throw new AudioError(
    'openAudio: expected sound, got content of no format that is known; check the file',
    'not audio',
  );
}

/**
 * HE-AAC need not say so in its header: half of its sound is in the stream, the other half described in elements that
 * decoders of AAC-LC pass over. Half a band is worse than an error, so the first packets are looked at.
 */
function refuseBandReplication(
  demuxer: Demuxer,
  codec: ModuleSetup,
  decoder: DecoderInstance,
  findings: Findings,
): void {
  decoder.open(codec, false);
  for (let count = 0; count < 4; count++) {
    const packet = demuxer.next();
    if (!(packet?.bytes instanceof Uint8Array)) break;
    decoder.input(packet.bytes.length).set(packet.bytes);
    try {
      decoder.decode(0, packet.bytes.length);
    } catch (error) {
      if (!(error instanceof AudioError) || error.problem !== 'unsupported') continue;
      throw nameUnsupported(error, findings);
    }
  }
  decoder.clear();
  demuxer.seek(-Infinity); // packets before the sound count, as noise goes on from one to the next
}
