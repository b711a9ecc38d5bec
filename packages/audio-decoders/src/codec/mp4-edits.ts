import type { ByteWindow } from './byte-window.js';
import type { Box } from './mp4-boxes.js';

/** A stretch of a track that is played (ISO/IEC 14496-12, section 8.6.6), or silence. */
export interface Edit {
  /** Units of the track's clock at which it begins; `undefined` for silence. */
  readonly mediaTime: number | undefined;
  /** Seconds that it lasts; `undefined` to the end of the track. */
  readonly seconds: number | undefined;
}

/** More cuts in one file are damage. */
const MOST_EDITS = 1000;

/** Seconds between two stretches. */
const LONGEST_SILENCE = 86_400;

/**
 * The edits of a track in order. Silence before the first stretch only says when a film lets the sound begin, and is left
 * out, as ffmpeg does; so is silence behind the last one.
 */
export function readEdits(file: ByteWindow, elst: Box | undefined, unitsPerSecond: () => number): Edit[] {
  const head = elst && file.view(elst.start, 8);
  if (!elst || !head) return [];
  const wide = head.getUint8(0) === 1;
  const row = wide ? 20 : 12;
  const room = Math.floor((Math.min(elst.end, file.size) - elst.start - 8) / row);
  const count = Math.min(head.getUint32(4), room, MOST_EDITS);
  const edits: Edit[] = [];
  for (let i = 0; i < count; i++) {
    const view = file.view(elst.start + 8 + i * row, row);
    if (!view) break;
    const number = (at: number): number =>
      wide ? view.getInt32(at) * 2 ** 32 + view.getUint32(at + 4) : view.getInt32(at);
    const mediaTime = number(wide ? 8 : 4);
    const duration = wide ? number(0) : view.getUint32(0);
    if (mediaTime < 0 && edits.length === 0) continue;
    const seconds = duration > 0 ? duration / unitsPerSecond() : undefined;
    if (mediaTime < 0 && (seconds ?? 0) > LONGEST_SILENCE) throw new RangeError('an MP4 edit of days of silence');
    edits.push({ mediaTime: mediaTime < 0 ? undefined : mediaTime, seconds });
  }
  while (edits.length > 0 && edits.at(-1)!.mediaTime === undefined) edits.pop();
  return edits;
}
