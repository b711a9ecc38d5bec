import type { ByteWindow } from './byte-window.js';

/** A box of an MP4 file (ISO/IEC 14496-12, section 4.2), an atom of a QuickTime one. */
export interface Box {
  readonly kind: string;
  /** Where its content begins and ends; the end may lie behind that of the file. */
  readonly start: number;
  readonly end: number;
}

/** No file has as many boxes side by side. */
const MOST_BOXES = 1_000_000;

/** The boxes between two places. Stops at what is none. */
export function* boxes(file: ByteWindow, start: number, end: number): Generator<Box> {
  let at = start;
  for (let count = 0; at + 8 <= end && count < MOST_BOXES; count++) {
    const header = file.view(at, 8);
    if (!header) return;
    const kind = file.text(at + 4, 4);
    let size = header.getUint32(0);
    let content = at + 8;
    if (size === 1) {
      const large = file.view(at + 8, 8);
      if (!large) return;
      size = large.getUint32(0) * 2 ** 32 + large.getUint32(4);
      content += 8;
    } else if (size === 0) {
      size = end - at; // to the end
    }
    if (at + size < content) return;
    yield { kind, start: content, end: at + size };
    at += size;
  }
}

/** The first box of a kind inside another. */
export function findBox(file: ByteWindow, parent: Box | undefined, ...path: readonly string[]): Box | undefined {
  let box = parent;
  for (const kind of path) {
    if (!box) return undefined;
    const inside = box;
    box = undefined;
    for (const child of boxes(file, inside.start, Math.min(inside.end, file.size))) {
      if (child.kind === kind) {
        box = child;
        break;
      }
    }
  }
  return box;
}

/** A table of numbers in a box, read where it is asked for. */
export class BoxTable {
  readonly length: number;
  readonly #start: number;

  /** `columns` numbers of `width` bytes a row, behind a count of rows at `countAt`. */
  constructor(
    readonly file: ByteWindow,
    box: Box,
    countAt: number,
    readonly columns: number,
    readonly width: 4 | 8 = 4,
  ) {
    const count = file.view(box.start + countAt, 4)?.getUint32(0) ?? 0;
    this.#start = box.start + countAt + 4;
    // As many as there is room for, whatever the count says.
    this.length = Math.max(
      0,
      Math.min(count, Math.floor((Math.min(box.end, file.size) - this.#start) / (columns * width))),
    );
  }

  get(row: number, column = 0): number {
    const view = this.file.view(this.#start + (row * this.columns + column) * this.width, this.width);
    if (!view) return 0;
    return this.width === 4 ? view.getUint32(0) : view.getUint32(0) * 2 ** 32 + view.getUint32(4);
  }
}
