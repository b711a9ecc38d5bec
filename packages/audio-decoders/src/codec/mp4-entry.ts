import { readAlacCookie } from './alac-cookie.js';
import { describeAac, readAacConfig } from './aac-config.js';
import type { ByteWindow } from './byte-window.js';
import type { CodecSetup, PcmSetup } from './decoder-instance.js';
import { readDescriptors } from './esds.js';
import type { Findings } from './findings.js';
import { readStreamInfo } from './flac-demuxer.js';
import { type Box, boxes } from './mp4-boxes.js';
import { mp4PcmCoding } from './mp4-pcm-coding.js';
import { OPUS_PREROLL, readOpusHeader } from './opus-header.js';

/** How the packets of a track are coded. */
export interface SampleEntry {
  readonly codec: CodecSetup;
  /** Samples of every packet, 0 where the clock of the track tells. */
  readonly packetFrames: number;
  /** Samples before the sound where no edit tells. */
  readonly delay: number;
  /** What must be decoded before a packet for it to be right. */
  readonly preroll: { readonly packets: number; readonly frames: number };
}

const NO_PREROLL = { packets: 0, frames: 0 };

/** Names of what is not read here, by the kind of their entry. */
const NAMES: Readonly<Record<string, string>> = {
  'ac-3': 'AC-3',
  'ec-3': 'E-AC-3',
  'ac-4': 'AC-4',
  dtsc: 'DTS',
  dtse: 'DTS',
  dtsh: 'DTS-HD',
  dtsl: 'DTS-HD',
  mha1: 'MPEG-H',
  mhm1: 'MPEG-H',
  samr: 'AMR',
  sawb: 'AMR-WB',
  sevc: 'EVRC',
  sqcp: 'QCELP',
  agsm: 'GSM',
  QDM2: 'QDesign',
  ima4: 'IMA ADPCM',
  'ms\0\x02': 'Microsoft ADPCM',
  'ms\0\x11': 'IMA ADPCM',
  lpcm: 'PCM of an unusual kind',
  ipcm: 'PCM of an unusual kind',
  fpcm: 'floats of an unusual kind',
};

/** Names by the object type of MPEG-4 systems. */
const OBJECT_TYPES: Readonly<Record<number, string>> = {
  0x66: 'AAC Main',
  0x68: 'AAC SSR',
  0xa5: 'AC-3',
  0xa6: 'E-AC-3',
  0xa9: 'DTS',
  0xdd: 'Vorbis in MP4',
  0xe1: 'QCELP',
};

/** Reads the first entry of the sample descriptions (`stsd`). */
export function readSampleEntry(file: ByteWindow, stsd: Box, findings: Findings): SampleEntry {
  const [entry] = boxes(file, stsd.start + 8, Math.min(stsd.end, file.size));
  if (!entry) throw findings.error('damaged', 'its track of sound does not say how it is coded');
  const { kind, start } = entry;
  if (kind === 'enca' || kind === 'drms' || kind === 'aavd') {
    findings.format = 'MP4';
    throw findings.unsupported('encrypted sound');
  }
  const head = file.view(start, 28);
  if (!head) throw findings.error('truncated', 'it ends within its table of contents');
  const version = head.getUint16(8);
  // QuickTime has longer entries of its own; the boxes stand behind them.
  const inner = { kind, start: start + 28 + (version === 1 ? 16 : version === 2 ? 36 : 0), end: entry.end };
  const find = (name: string): Box | undefined => findDeep(file, inner, name, 0);
  const content = (box: Box): Uint8Array => file.bytes(box.start, Math.min(box.end, file.size) - box.start);
  const name = (coding: string): void => {
    findings.format = `MP4 (${coding})`;
  };
  const channels = head.getUint16(16);
  const sampleRate = head.getUint16(24);
  if (kind === 'alac') {
    const cookie = find('alac');
    if (!cookie) throw findings.error('damaged', 'ALAC without its configuration');
    name('ALAC');
    const { codec, packetFrames } = readAlacCookie(content(cookie).subarray(4));
    return { codec, packetFrames, delay: 0, preroll: NO_PREROLL };
  }
  if (kind === 'Opus') {
    const box = find('dOps');
    if (!box) throw findings.error('damaged', 'Opus without its configuration');
    name('Opus');
    const { codec, preSkip, refused } = readOpusHeader(content(box), true);
    if (refused) throw findings.unsupported(refused);
    return { codec, packetFrames: 0, delay: preSkip, preroll: { packets: 0, frames: OPUS_PREROLL } };
  }
  if (kind === 'fLaC') {
    const box = find('dfLa');
    if (!box) throw findings.error('damaged', 'FLAC without its configuration');
    name('FLAC');
    const { codec } = readStreamInfo(content(box).subarray(8));
    return { codec, packetFrames: 0, delay: 0, preroll: NO_PREROLL };
  }
  if (kind === '.mp3' || kind === 'ms\0U') return mp3(channels, sampleRate, name);
  const pcm = readPcm();
  if (pcm) {
    name(pcm.coding.name);
    return { codec: pcm, packetFrames: 1, delay: 0, preroll: NO_PREROLL };
  }
  if (kind !== 'mp4a') throw findings.unsupported(NAMES[kind] ?? `coding "${kind.replace(/[^ -~]/g, '?')}"`);
  const esds = find('esds');
  const { objectType, config } = esds
    ? readDescriptors(content(esds).subarray(4))
    : { objectType: 0, config: undefined };
  if (objectType === 0x69 || objectType === 0x6b) return mp3(channels, sampleRate, name);
  name('AAC');
  if (objectType !== 0x40 && objectType !== 0x67) {
    findings.format = 'MP4';
    throw findings.unsupported(OBJECT_TYPES[objectType] ?? `MPEG-4 object type ${objectType}`);
  }
  if (!config) throw findings.error('damaged', 'AAC without its configuration');
  const aac = readAacConfig(config);
  const refused = describeAac(aac);
  if (refused) {
    findings.format = 'MP4';
    throw findings.unsupported(refused);
  }
  return {
    codec: { codec: 'aac', sampleRate: aac.sampleRate, channels: aac.channels, setup: config },
    packetFrames: 1024,
    delay: 0,
    preroll: { packets: 1, frames: 0 },
  };

  function readPcm(): PcmSetup | undefined {
    // QuickTime's second version has fields of its own, as others have no room for more channels or a higher rate.
    const own = version === 2 ? file.view(start + 32, 32) : undefined;
    const [endianness, configuration] = [find('enda'), find('pcmC')];
    const described = {
      channels: own ? own.getUint32(8) : channels,
      sampleRate: Math.round(own ? own.getFloat64(0) : sampleRate),
    };
    if (described.channels === 0 || described.channels > 65_535) return undefined;
    const coding = mp4PcmCoding({
      kind,
      channels: described.channels,
      bits: own ? own.getUint32(16) : head!.getUint16(18),
      flags: own ? own.getUint32(20) : 0,
      littleEndian: endianness !== undefined && content(endianness)[1] === 1,
      configuration: configuration && content(configuration),
    });
    return coding && { codec: 'pcm', ...described, coding };
  }
}

function mp3(channels: number, sampleRate: number, name: (coding: string) => void): SampleEntry {
  name('MP3');
  return {
    codec: { codec: 'mp3', sampleRate, channels, setup: new Uint8Array(0) },
    packetFrames: sampleRate < 32_000 ? 576 : 1152,
    delay: 0,
    // Packets of the lowest rates hold few bytes each, and 511 may be reached back to.
    preroll: { packets: 90, frames: 0 },
  };
}

/** QuickTime wraps boxes in others (`wave`); an `alac` in an `alac` is the one wanted. */
function findDeep(file: ByteWindow, parent: Box, kind: string, depth: number): Box | undefined {
  for (const box of boxes(file, parent.start, Math.min(parent.end, file.size))) {
    if (box.kind === kind) return box;
    if (box.kind === 'wave' && depth < 3) {
      const found = findDeep(file, box, kind, depth + 1);
      if (found) return found;
    }
  }
  return undefined;
}
