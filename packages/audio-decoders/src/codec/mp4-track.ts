import type { ByteWindow } from './byte-window.js';
import type { Findings } from './findings.js';
import { type Box, boxes, findBox } from './mp4-boxes.js';
import { type Edit, readEdits } from './mp4-edits.js';
import { readSampleEntry, type SampleEntry } from './mp4-entry.js';
import { FragmentSamples, type Mp4Samples, TableSamples } from './mp4-samples.js';

/** The track of sound of an MP4 file. */
export interface Mp4Track {
  readonly entry: SampleEntry;
  readonly samples: Mp4Samples;
  /** Units a second of its clock. */
  readonly timescale: number;
  /** Empty where the whole track is the sound. */
  readonly edits: readonly Edit[];
  /** Samples before the sound, where iTunes wrote them down. */
  readonly delay: number | undefined;
}

/** Reads the first track of sound. */
export function readMp4Track(file: ByteWindow, findings: Findings): Mp4Track {
  findings.format = 'MP4';
  const moov = readMoov(file, findings);
  const { trak, entry } = findTrack(file, moov, findings);
  let samples: Mp4Samples = new TableSamples(file, findBox(file, trak, 'mdia', 'minf', 'stbl')!);
  if (samples.count === 0 && findBox(file, moov, 'mvex')) samples = readFragments(file, moov, trak);
  if (samples.count === 0) throw findings.error('empty', 'its track of sound has no packets');
  const units = timescale(file, findBox(file, trak, 'mdia', 'mdhd'));
  const { codec } = entry;
  return {
    // An entry has no room for rates above 65535 Hz; the clock of PCM ticks with its samples.
    entry:
      codec.codec === 'pcm' && codec.sampleRate === 0 ? { ...entry, codec: { ...codec, sampleRate: units } } : entry,
    samples,
    timescale: units,
    edits: readEdits(file, findBox(file, trak, 'edts', 'elst'), () => timescale(file, findBox(file, moov, 'mvhd'))),
    delay: readITunesDelay(file, moov),
  };
}

function readMoov(file: ByteWindow, findings: Findings): Box {
  let data = false;
  let end = 0;
  for (const box of boxes(file, 0, file.size)) {
    if (box.kind === 'moov') {
      if (box.end > file.size) throw findings.error('truncated', 'it ends within its table of contents (moov)');
      return box;
    }
    if (box.kind === 'mdat') data = true;
    end = box.end;
  }
  if (data || end > file.size) {
    throw findings.error(
      'truncated',
      'its table of contents (moov), which stands behind the sound, is missing: the recording or the transfer broke off',
    );
  }
  throw findings.error('damaged', 'it has no table of contents (moov)');
}

function findTrack(
  file: ByteWindow,
  moov: Box,
  findings: Findings,
): { readonly trak: Box; readonly entry: SampleEntry } {
  let others = 0;
  for (const trak of boxes(file, moov.start, moov.end)) {
    if (trak.kind !== 'trak') continue;
    const handler = findBox(file, trak, 'mdia', 'hdlr');
    if (!handler || file.text(handler.start + 8, 4) !== 'soun') {
      others++;
      continue;
    }
    const stsd = findBox(file, trak, 'mdia', 'minf', 'stbl', 'stsd');
    if (stsd) return { trak, entry: readSampleEntry(file, stsd, findings) };
  }
  if (others > 0) throw findings.unsupported('video without sound');
  throw findings.error('damaged', 'it has no track');
}

/** Units a second of a header (`mdhd`, `mvhd`) of either version. */
function timescale(file: ByteWindow, box: Box | undefined): number {
  const view = box && file.view(box.start, 24);
  const units = view ? view.getUint32(view.getUint8(0) === 1 ? 20 : 12) : 0;
  if (units === 0) throw new RangeError('an MP4 track without a clock');
  return units;
}

/** The delay that iTunes writes down, in files without an edit. */
function readITunesDelay(file: ByteWindow, moov: Box): number | undefined {
  const udta = findBox(file, moov, 'udta', 'meta');
  const list = udta && findBox(file, { ...udta, start: udta.start + 4 }, 'ilst');
  if (!list) return undefined;
  for (const item of boxes(file, list.start, list.end)) {
    if (item.kind !== '----') continue;
    const text = file.text(item.start, Math.min(item.end - item.start, 400));
    const numbers = /iTunSMPB[^]*? [0-9A-F]{8} ([0-9A-F]{8}) ([0-9A-F]{8}) ([0-9A-F]{16})/.exec(text);
    if (numbers) return parseInt(numbers[1]!, 16);
  }
  return undefined;
}

function readFragments(file: ByteWindow, moov: Box, trak: Box): FragmentSamples {
  const tkhd = findBox(file, trak, 'tkhd');
  const head = tkhd && file.view(tkhd.start, 24);
  const track = head ? head.getUint32(head.getUint8(0) === 1 ? 20 : 12) : 0;
  const mvex = findBox(file, moov, 'mvex')!;
  for (const trex of boxes(file, mvex.start, mvex.end)) {
    const view = trex.kind === 'trex' ? file.view(trex.start, 24) : undefined;
    if (view?.getUint32(4) === track) {
      return new FragmentSamples(file, track, { duration: view.getUint32(12), size: view.getUint32(16) });
    }
  }
  return new FragmentSamples(file, track, { duration: 0, size: 0 });
}
