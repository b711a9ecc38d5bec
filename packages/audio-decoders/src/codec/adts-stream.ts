import { aacConfig, describeAac, readAacConfig } from './aac-config.js';
import type { ByteWindow } from './byte-window.js';
import type { Findings } from './findings.js';
import { FrameStream, type StreamFrame, findFrames } from './frame-stream.js';

/** Opens a stream of AAC in ADTS (ISO/IEC 13818-7, annex A); `undefined` when there is none at `start`. */
export function openAdtsStream(file: ByteWindow, start: number, findings: Findings): FrameStream | undefined {
  const first = file.bytes(start, 7);
  if (!readHeader(first, 0)) return undefined;
  const like = first[2]! & 0xfd; // profile, rate and the upper bit of the channels
  const rest = first[3]! & 0xc0;
  const format = {
    headerSize: 7,
    header(bytes: Uint8Array, at: number): StreamFrame | undefined {
      if ((bytes[at + 2]! & 0xfd) !== like || (bytes[at + 3]! & 0xc0) !== rest) return undefined;
      return readHeader(bytes, at);
    },
  };
  if (findFrames(file, start, file.size, format, 2) !== start) return undefined;
  const objectType = (like >> 6) + 1;
  const channelConfiguration = ((like & 1) << 2) | (rest >> 6);
  const setup = aacConfig(objectType, (like >> 2) & 15, channelConfiguration);
  findings.format = 'ADTS (AAC)';
  const config = readAacConfig(setup);
  const refused = describeAac(config);
  if (refused) throw findings.unsupported(refused);
  if ((first[6]! & 3) !== 0) throw findings.unsupported('AAC with several blocks a frame');
  return new FrameStream(
    file,
    start,
    {
      codec: { codec: 'aac', sampleRate: config.sampleRate, channels: config.channels, setup },
      frameLength: 1024,
      ...format,
      reachBack: { bytes: 0, frames: 1 },
      delay: 0,
      padding: 0,
    },
    findings,
  );
}

function readHeader(bytes: Uint8Array, at: number): StreamFrame | undefined {
  if (at + 7 > bytes.length || bytes[at] !== 0xff || (bytes[at + 1]! & 0xf6) !== 0xf0) return undefined;
  const size = ((bytes[at + 3]! & 3) << 11) | (bytes[at + 4]! << 3) | (bytes[at + 5]! >> 5);
  const skip = bytes[at + 1]! & 1 ? 7 : 9;
  if (((bytes[at + 2]! >> 2) & 15) > 12 || size < skip) return undefined;
  return { size, skip, reservoir: 0 };
}
