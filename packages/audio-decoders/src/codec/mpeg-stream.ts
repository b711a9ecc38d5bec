import type { ByteWindow } from './byte-window.js';
import type { Findings } from './findings.js';
import { FrameStream, type FrameFormat, type StreamFrame, findFrames } from './frame-stream.js';
import { type MpegHeader, mpegChecksumHolds, readMpegHeader, readMpegInfo, sameStream } from './mpeg-frames.js';

/** The most that main_data_begin can say (9 bits), and the frames whose overlap and filter run into the next. */
const REACH_BACK = { bytes: 511, frames: 2 };

/** Opens a stream of MPEG audio whose first frame is within the first bytes; `undefined` when there is none. */
export function openMpegStream(file: ByteWindow, start: number, findings: Findings): FrameStream | undefined {
  const first = findFirst(file, start);
  if (first === undefined) return undefined;
  const header = readMpegHeader(file.bytes(first, 4)) as MpegHeader;
  findings.format = header.layer === 3 ? 'MP3' : `MPEG audio layer ${header.layer}`;
  const info = readMpegInfo(header, file.bytes(first, header.size));
  // The frame of information decodes to silence that no encoder means to be heard.
  const from = info ? first + header.size : first;
  return new FrameStream(
    file,
    from,
    {
      codec: {
        codec: `mp${header.layer}`,
        sampleRate: header.sampleRate,
        channels: header.channels,
        setup: new Uint8Array(0),
      },
      frameLength: header.frames,
      ...streamFormat(header),
      holds: (frame) => mpegChecksumHolds(readMpegHeader(frame) as MpegHeader, frame),
      reachBack: header.layer === 3 ? REACH_BACK : { bytes: 0, frames: 1 },
      delay: info?.delay ?? 0,
      padding: info?.padding ?? 0,
      count: info?.count,
      bytes: info?.bytes === undefined ? undefined : info.bytes - header.size,
    },
    findings,
  );
}

type Headers = Pick<FrameFormat, 'header' | 'headerSize'>;

function streamFormat(like?: MpegHeader): Headers {
  return {
    headerSize: 4,
    header(bytes, at): StreamFrame | undefined {
      const header = readMpegHeader(bytes, at);
      if (!header || header === 'free' || (like && !sameStream(header, like))) return undefined;
      const reservoir = Math.max(0, header.size - 4 - (header.protected ? 2 : 0) - header.sideInfo);
      return { size: header.size, skip: 0, reservoir };
    },
  };
}

/** So far behind the start frames are looked for: streams that were cut begin with part of one. */
const JUNK = 1 << 16;

/** Noise has headers, too: some frames of one kind must follow one another, more of them where junk came before. */
function findFirst(file: ByteWindow, start: number): number | undefined {
  const oneKind = (at: number): Headers => {
    const header = readMpegHeader(file.bytes(at, 4));
    return streamFormat(header === 'free' ? undefined : header);
  };
  if (findFrames(file, start, Math.min(file.size, start + 4), { ...oneKind(start) }, 1) === start) {
    const at = findFrames(file, start, file.size, oneKind(start), 2);
    if (at === start) return start;
  }
  const end = Math.min(file.size, start + JUNK);
  for (let at = start; at < end; at++) {
    const next = findFrames(file, at, end, streamFormat(), 4);
    if (next === undefined) return undefined;
    if (findFrames(file, next, end, oneKind(next), 4) === next) return next;
    at = next;
  }
  return undefined;
}
