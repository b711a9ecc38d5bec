import type { ByteWindow } from './byte-window.js';
import type { Demuxer } from './demuxer.js';
import type { Findings } from './findings.js';
import { Mp4Demuxer } from './mp4-demuxer.js';
import { Mp4PcmDemuxer } from './mp4-pcm-demuxer.js';
import { readMp4Track } from './mp4-track.js';

/** Opens an MP4, M4A, MOV or 3GP file (ISO/IEC 14496-12 and -14, QuickTime). */
export function openMp4(file: ByteWindow, findings: Findings): Demuxer {
  const track = readMp4Track(file, findings);
  const { codec } = track.entry;
  return codec.codec === 'pcm'
    ? new Mp4PcmDemuxer(file, track, codec, findings)
    : new Mp4Demuxer(file, track, codec, findings);
}
