import type { ByteWindow } from './byte-window.js';
import type { Demuxer } from './demuxer.js';
import { openChain } from './demuxer-chain.js';
import type { Findings } from './findings.js';
import { OggDemuxer } from './ogg-demuxer.js';
import { findPage, LARGEST_PAGE, type OggPage, readPage } from './ogg-pages.js';

/** Opens an Ogg file: one stream, or several one after another, as radio stations send them. */
export function openOgg(file: ByteWindow, start: number, findings: Findings): Demuxer {
  const bounds = [start];
  while (bounds.length < MOST_LINKS) {
    const next = findNextLink(file, bounds.at(-1)!);
    if (next === undefined) break;
    bounds.push(next);
  }
  return openChain(bounds, (from, end = file.size) => new OggDemuxer(file, from, end, findings), findings);
}

/** More streams in one file are no radio. */
const MOST_LINKS = 1000;

/** Places that are looked at to see whether pages are numbered in order. */
const PROBES = 8;

/** Where the pages of the streams that begin at `start` are over and others begin. */
function findNextLink(file: ByteWindow, start: number): number | undefined {
  const serials = new Set<number>();
  let at = start;
  for (let page = readPage(file, at); typeof page === 'object' && page.first; page = readPage(file, at)) {
    serials.add(page.serial);
    at = page.position + page.size;
  }
  const begin = findForeign(file, at, serials);
  return findRestart(file, at, begin ?? file.size, serials) ?? begin;
}

/** Where pages of other streams begin, which go on to the end of the file. */
function findForeign(file: ByteWindow, from: number, serials: ReadonlySet<number>): number | undefined {
  const foreign = (page: OggPage): boolean => !serials.has(page.serial);
  const last = findLastPage(file, from, file.size);
  if (!last || !foreign(last)) return undefined;
  let low = from;
  let high = last.position;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const page = findPage(file, middle, high);
    if (!page || foreign(page)) high = middle;
    else low = page.position + page.size - 1;
  }
  const begin = findPage(file, low, file.size);
  // Pages of a stream that never began are damage, which the stream before them tells.
  return begin?.first ? begin.position : undefined;
}

/** Where a stream begins that has the serial number of one before it, as when a file is joined to itself: its pages are numbered anew. */
function findRestart(file: ByteWindow, from: number, end: number, serials: ReadonlySet<number>): number | undefined {
  const last = findLastPage(file, from, end);
  const sequences = new Map<number, number>();
  let low = from;
  for (let i = 1; i <= PROBES && last; i++) {
    const probe = from + Math.floor((i * (last.position - from)) / PROBES);
    const page = i < PROBES ? findPage(file, Math.max(low, probe), last.position) : last;
    if (!page || !serials.has(page.serial)) continue;
    if (page.sequence < (sequences.get(page.serial) ?? 0)) {
      const restart = findFirstPage(file, low, page.position + 1);
      if (restart !== undefined) return restart;
    }
    sequences.set(page.serial, page.sequence);
    low = page.position;
  }
  return undefined;
}

function findLastPage(file: ByteWindow, from: number, end: number): OggPage | undefined {
  let last: OggPage | undefined;
  const tail = Math.max(from, end - 2 * LARGEST_PAGE);
  for (let page = findPage(file, tail, end); page; page = findPage(file, page.position + page.size, end)) last = page;
  return last;
}

function findFirstPage(file: ByteWindow, from: number, to: number): number | undefined {
  for (let page = findPage(file, from, to); page; page = findPage(file, page.position + page.size, to)) {
    if (page.first) return page.position;
  }
  return undefined;
}
