import type { ByteWindow } from './byte-window.js';
import { type Box, BoxTable, boxes, findBox } from './mp4-boxes.js';

/** Rows of tables that are held in memory: of equal packets and of equal chunks, which a player's file has few of. */
const MOST_ROWS = 1_000_000;

/** Two days of packets of a 48th of a second. */
const MOST_PACKETS = 8_000_000;

/** The packets of a track, in order. */
export interface Mp4Samples {
  readonly count: number;
  /** Length of all in units of the track. */
  readonly duration: number;
  /** Where a packet lies. */
  at(index: number): { readonly position: number; readonly size: number };
  /** When it begins, in units of the track. */
  time(index: number): number;
  /** Where the bytes of PCM lie, of which a frame of all channels has at least `frameBytes`, in order. */
  stretches(frameBytes: number): Iterable<{ readonly position: number; readonly bytes: number }>;
}

/** The tables of a track (`stbl`); read by the part, for those of a day are megabytes. */
export class TableSamples implements Mp4Samples {
  readonly count: number;
  readonly duration: number;
  readonly #sizes: BoxTable | undefined;
  readonly #size: number; // of all of them, 0 where they differ
  readonly #chunks: BoxTable;
  readonly #runs: { readonly chunk: number; readonly perChunk: number; readonly sample: number }[] = [];
  readonly #times: { readonly sample: number; readonly time: number; readonly delta: number }[] = [];
  #cursor = { index: -1, position: 0, chunkEnd: 0 };

  constructor(
    readonly file: ByteWindow,
    stbl: Box,
  ) {
    const find = (kind: string): Box => {
      const box = findBox(file, stbl, kind);
      if (!box) throw new RangeError(`an MP4 track without its table ${kind}`);
      return box;
    };
    const sizes = find('stsz');
    const header = file.view(sizes.start, 12);
    this.#size = header?.getUint32(4) ?? 0;
    this.#sizes = this.#size === 0 ? new BoxTable(file, sizes, 8, 1) : undefined;
    const wide = findBox(file, stbl, 'co64');
    this.#chunks = wide ? new BoxTable(file, wide, 4, 1, 8) : new BoxTable(file, find('stco'), 4, 1);
    const runs = limited(new BoxTable(file, find('stsc'), 4, 3));
    let sample = 0;
    for (let i = 0; i < runs.length; i++) {
      const chunk = runs.get(i) - 1;
      const before = this.#runs.at(-1);
      if (before) sample += (chunk - before.chunk) * before.perChunk;
      this.#runs.push({ chunk, perChunk: runs.get(i, 1), sample });
    }
    const last = this.#runs.at(-1);
    const room = last ? last.sample + (this.#chunks.length - last.chunk) * last.perChunk : 0;
    this.count = Math.min(this.#sizes?.length ?? header?.getUint32(8) ?? 0, room);
    const times = limited(new BoxTable(file, find('stts'), 4, 2));
    let [from, time] = [0, 0];
    for (let i = 0; i < times.length && from < this.count; i++) {
      const delta = times.get(i, 1);
      this.#times.push({ sample: from, time, delta });
      const count = Math.min(times.get(i), this.count - from);
      from += count;
      time += count * delta;
    }
    this.duration = time;
  }

  at(index: number): { readonly position: number; readonly size: number } {
    const size = this.#sizeOf(index);
    const cursor = this.#cursor;
    if (cursor.index !== index || index >= cursor.chunkEnd) {
      const run = lastAtMost(this.#runs, index, (entry) => entry.sample);
      const chunk = run.chunk + Math.floor((index - run.sample) / run.perChunk);
      const first = run.sample + (chunk - run.chunk) * run.perChunk;
      cursor.position = this.#chunks.get(chunk);
      cursor.chunkEnd = first + run.perChunk;
      for (let i = first; i < index; i++) cursor.position += this.#sizeOf(i);
    }
    const { position } = cursor;
    cursor.index = index + 1;
    cursor.position += size;
    return { position, size };
  }

  time(index: number): number {
    if (this.#times.length === 0) return 0;
    const run = lastAtMost(this.#times, index, (entry) => entry.sample);
    return run.time + (index - run.sample) * run.delta;
  }

  *stretches(frameBytes: number): Generator<{ readonly position: number; readonly bytes: number }> {
    let last: { position: number; bytes: number } | undefined;
    let [chunk, run, index] = [this.#runs[0]?.chunk ?? 0, 0, 0];
    for (; index < this.count && chunk < this.#chunks.length; chunk++) {
      while (run + 1 < this.#runs.length && this.#runs[run + 1]!.chunk <= chunk) run++;
      const count = Math.min(this.#runs[run]!.perChunk, this.count - index);
      const position = this.#chunks.get(chunk);
      // Old files say 1 byte of each frame, whatever it has.
      let bytes = count * Math.max(this.#size, frameBytes);
      if (this.#size === 0) {
        bytes = 0;
        for (let i = 0; i < count; i++) bytes += this.#sizeOf(index + i);
      }
      index += count;
      if (last && last.position + last.bytes === position) last.bytes += bytes;
      else {
        if (last) yield last;
        last = { position, bytes };
      }
    }
    if (last) yield last;
  }

  #sizeOf(index: number): number {
    return this.#sizes ? this.#sizes.get(index) : this.#size;
  }
}

/** The packets of a fragmented file (`moof`), as they are recorded and streamed. */
export class FragmentSamples implements Mp4Samples {
  readonly #positions: number[] = [];
  readonly #sizes: number[] = [];
  readonly #times: number[] = [];
  #end = 0;

  constructor(
    readonly file: ByteWindow,
    readonly track: number,
    defaults: { readonly duration: number; readonly size: number },
  ) {
    for (const moof of boxes(file, 0, file.size)) {
      if (moof.kind !== 'moof') continue;
      for (const traf of boxes(file, moof.start, Math.min(moof.end, file.size))) {
        if (traf.kind === 'traf') this.#readFragment(moof, traf, defaults);
      }
    }
  }

  get count(): number {
    return this.#positions.length;
  }

  get duration(): number {
    return this.#end;
  }

  at(index: number): { readonly position: number; readonly size: number } {
    return { position: this.#positions[index]!, size: this.#sizes[index]! };
  }

  time(index: number): number {
    return this.#times[index] ?? 0;
  }

  *stretches(): Generator<{ readonly position: number; readonly bytes: number }> {
    let last: { position: number; bytes: number } | undefined;
    for (const [i, position] of this.#positions.entries()) {
      const bytes = this.#sizes[i]!;
      if (last && last.position + last.bytes === position) last.bytes += bytes;
      else {
        if (last) yield last;
        last = { position, bytes };
      }
    }
    if (last) yield last;
  }

  #readFragment(moof: Box, traf: Box, defaults: { readonly duration: number; readonly size: number }): void {
    const header = findBox(this.file, traf, 'tfhd');
    if (!header) return;
    const head = this.file.bytes(header.start, header.end - header.start);
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    if (view.getUint32(4) !== this.track) return;
    const flags = view.getUint32(0) & 0xffffff;
    let next = 8;
    const field = (bit: number, width: number): number | undefined => {
      if (!(flags & bit)) return undefined;
      next += width;
      return width === 4 ? view.getUint32(next - 4) : view.getUint32(next - 8) * 2 ** 32 + view.getUint32(next - 4);
    };
    let base = field(1, 8) ?? moof.start - 8;
    field(2, 4);
    const duration = field(8, 4) ?? defaults.duration;
    const size = field(16, 4) ?? defaults.size;
    for (const run of boxes(this.file, traf.start, Math.min(traf.end, this.file.size))) {
      if (run.kind !== 'trun') continue;
      base = this.#readRun(run, moof.start - 8, base, duration, size);
    }
  }

  #readRun(run: Box, moof: number, base: number, duration: number, size: number): number {
    const bytes = this.file.bytes(run.start, Math.min(run.end, this.file.size) - run.start);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const flags = view.getUint32(0) & 0xffffff;
    const count = view.getUint32(4);
    let next = 8;
    let position = base;
    if (flags & 1) {
      position = (base === moof ? moof : base) + view.getInt32(next);
      next += 4;
    }
    if (flags & 4) next += 4;
    for (let i = 0; i < count && (flags & 0xf00 ? next < bytes.length : i < this.file.size); i++) {
      const field = (bit: number, otherwise: number): number => {
        if (!(flags & bit)) return otherwise;
        next += 4;
        return view.getUint32(next - 4);
      };
      const length = field(0x100, duration);
      const bytesOf = field(0x200, size);
      field(0x400, 0);
      field(0x800, 0);
      if (this.count === MOST_PACKETS) throw new RangeError(`more than ${MOST_PACKETS} packets in fragments`);
      this.#positions.push(position);
      this.#sizes.push(bytesOf);
      this.#times.push(this.#end);
      this.#end += length;
      position += bytesOf;
    }
    return position;
  }
}

function limited(table: BoxTable): BoxTable {
  if (table.length > MOST_ROWS) throw new RangeError(`an MP4 table of ${table.length} rows`);
  return table;
}

/** The last entry that begins at or before an index; the first begins at 0. */
function lastAtMost<T>(entries: readonly T[], index: number, begin: (entry: T) => number): T {
  let low = 0;
  let high = entries.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (begin(entries[middle]!) <= index) low = middle;
    else high = middle;
  }
  return entries[low]!;
}
