import type { ByteWindow } from './byte-window.js';
import type { DecoderInstance, FlacFrame } from './decoder-instance.js';
import type { Demuxer } from './demuxer.js';
import { openChain } from './demuxer-chain.js';
import type { Findings } from './findings.js';
import { FlacDemuxer, readMetadata } from './flac-demuxer.js';

/** A file of up to this size is searched for streams from its start to its end. */
const SEARCHED = 2 ** 19;

/** Places of a larger one that are looked at, the bytes read at each, and those searched at its end. */
const PROBES = 8;
const PROBE = 2 ** 16;
const TAIL = 2 ** 17;

/** How a stream begins: its mark, and the header of a STREAMINFO of 34 bytes, which may be the last block. */
const MARK = [0x66, 0x4c, 0x61, 0x43, 0, 0, 0, 34];

/** More streams in one file nobody joins. */
const MOST_LINKS = 1000;

/** Opens a FLAC file: one stream, or several joined end to end. */
export function openFlac(file: ByteWindow, start: number, decoder: DecoderInstance, findings: Findings): Demuxer {
  findings.format = 'FLAC';
  const starts = [start, ...findStarts(file, start, decoder, findings)].slice(0, MOST_LINKS);
  const demuxer = openChain(starts, (from, end) => new FlacDemuxer(file, from, end, decoder, findings), findings);
  if (starts.length > 1) demuxer.seek(0); // the decoder is open for the last one
  return demuxer;
}

/** Where further streams begin. In a large file the frames at some places tell: those of one stream are numbered in order. */
function findStarts(file: ByteWindow, start: number, decoder: DecoderInstance, findings: Findings): number[] {
  const { info, end: first } = readMetadata(file, start, findings);
  if (file.size - first <= SEARCHED) return findMarks(file, first, file.size);
  const starts = new Set<number>();
  const search = (from: number, to: number): void => findMarks(file, from, to).forEach((mark) => starts.add(mark));
  decoder.open(info.codec, false);
  let [low, before, declared] = [first, 0, info.frames ?? Infinity];
  const tail = Math.floor((file.size - TAIL) / PROBE) * PROBE;
  for (let i = 1; i <= PROBES; i++) {
    const at = Math.floor((first + (i * (tail - first)) / PROBES) / PROBE) * PROBE; // as files are read
    const frame = findFrame(file, at, decoder);
    const sample = frame && (frame.bySample ? frame.number : frame.number * (info.blockSize ?? frame.frames));
    if (sample === undefined || sample < before) search(low, at + PROBE);
    if (sample !== undefined && sample >= declared) {
      search(first, at + PROBE); // one that is too short to be seen stands before
      declared = Infinity;
    }
    before = sample ?? 0;
    low = at;
  }
  search(tail, file.size);
  return [...starts].sort((a, b) => a - b);
}

function findFrame(file: ByteWindow, at: number, decoder: DecoderInstance): FlacFrame | undefined {
  const bytes = file.bytes(at, PROBE);
  decoder.input(bytes.length).set(bytes);
  const found = decoder.findFlac(0, bytes.length, true);
  return typeof found === 'number' ? undefined : found;
}

function findMarks(file: ByteWindow, from: number, to: number): number[] {
  const marks: number[] = [];
  const step = 1 << 15;
  for (let at = from; at < to; at += step) {
    const bytes = file.bytes(at, step + MARK.length - 1);
    for (let i = bytes.indexOf(MARK[0]!); i >= 0 && i < step && at + i < to; i = bytes.indexOf(MARK[0]!, i + 1)) {
      if (MARK.every((byte, k) => (k === 4 ? bytes[i + k]! & 0x7f : bytes[i + k]) === byte)) marks.push(at + i);
    }
  }
  return marks;
}
