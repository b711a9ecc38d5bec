import { FileError, runFiles, writeRunFile } from '@audio-ssl/trainer';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { OpenClips } from '../open-clips.js';

/** A clip that a run is trained on, and what tells that its file is the same. */
export interface ListedClip {
  readonly id: string;
  /** Length of the file. */
  readonly bytes: number;
  /** Frames of its log-mel, those of all pieces. */
  readonly frames: number;
  /** When the file was last changed, in ms: while that and the length stay, it is not read again. */
  readonly modified: number;
  /** The beginning of a SHA-256 of some of its bytes. */
  readonly sample: string;
}

/** What stands for a whole list in the fingerprint of a run. */
export interface ClipsDigest {
  readonly count: number;
  /** SHA-256 of ids, lengths, frames and samples in order, in hexadecimal digits. */
  readonly digest: string;
}

/** How a list of clips differs from an earlier one. */
export interface ClipChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Of the same id, with another content. */
  readonly changed: readonly string[];
}

const AT_ONCE = 32;
const PART = 4096;
const PARTS = 8;

/**
 * The clips that a run is trained on, in order. Of each file its length and a sample of its bytes are taken, not all: the
 * whole of a small one, eight parts of a large one.
 *
 * @param known an earlier list: files that have not been touched since are not read again
 */
export async function listClips(
  { dataset, kept, pieces }: Pick<OpenClips, 'dataset' | 'kept' | 'pieces'>,
  known: readonly ListedClip[] = [],
): Promise<readonly ListedClip[]> {
  const frames = new Map<number, number>();
  for (const { clip, frames: more } of pieces) frames.set(clip, (frames.get(clip) ?? 0) + more);
  const earlier = new Map(known.map((clip) => [clip.id, clip]));
  const list: ListedClip[] = [];
  for (let from = 0; from < kept.length; from += AT_ONCE) {
    const part = kept.slice(from, from + AT_ONCE).map(async (index): Promise<ListedClip> => {
      const { id, path } = dataset.clips[index]!;
      return { id, frames: frames.get(index) ?? 0, ...(await lookAt(path, earlier.get(id))) };
    });
    list.push(...(await Promise.all(part)));
  }
  return list;
}

type Content = Pick<ListedClip, 'bytes' | 'modified' | 'sample'>;

async function lookAt(path: string, known: ListedClip | undefined): Promise<Content> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return { bytes: 0, modified: 0, sample: '' }; // gone since its log-mel was made
  try {
    const { size: bytes, mtimeMs: modified } = await file.stat();
    const same = known !== undefined && known.bytes === bytes && known.modified === modified;
    return { bytes, modified, sample: same ? known.sample : await sampleOf(file, bytes) };
  } finally {
    await file.close();
  }
}

async function sampleOf(file: FileHandle, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  const whole = bytes <= PART * PARTS;
  const buffer = Buffer.alloc(whole ? bytes : PART);
  for (let i = 0; i < (whole ? 1 : PARTS); i++) {
    const at = whole ? 0 : Math.floor((i * (bytes - PART)) / (PARTS - 1));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    hash.update(buffer.subarray(0, bytesRead));
  }
  return hash.digest('hex').slice(0, 16);
}

/** What stands for a list in the fingerprint of a run. */
export function digestOf(list: readonly ListedClip[]): ClipsDigest {
  const hash = createHash('sha256');
  for (const { id, bytes, frames, sample } of list) hash.update(`${JSON.stringify([id, bytes, frames, sample])}\n`);
  return { count: list.length, digest: hash.digest('hex') };
}

/** Writes the list into the folder of a run: a line a clip. */
export async function writeClipList(run: string, list: readonly ListedClip[]): Promise<void> {
  await writeRunFile(run, runFiles.clips, lines(list));
}

function* lines(list: readonly ListedClip[]): Generator<string> {
  for (const { id, bytes, frames, modified, sample } of list)
    yield `${JSON.stringify([id, bytes, frames, modified, sample])}\n`;
}

/**
 * The list in the folder of a run; undefined in those of earlier versions.
 *
 * @throws FileError for a damaged file
 */
export async function readClipList(run: string): Promise<readonly ListedClip[] | undefined> {
  const path = join(run, runFiles.clips);
  if (!existsSync(path)) return undefined;
  const text = await readFile(path, 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line, i) => {
      try {
        const [id, bytes, frames, modified, sample] = JSON.parse(line) as [string, number, number, number, string];
        return { id, bytes, frames, modified, sample };
      } catch (error) {
        throw new FileError(
          `${path}, line ${i + 1}, is not a clip of the run; restore the file, or delete it: then only the number of clips is compared in words`,
          { cause: error },
        );
      }
    });
}

/** What was added, removed and changed; nothing of it when only the order differs. */
export function compareClips(before: readonly ListedClip[], now: readonly ListedClip[]): ClipChanges {
  const then = byId(before);
  const present = byId(now);
  const same = (a: ListedClip, b: ListedClip): boolean =>
    a.bytes === b.bytes && a.frames === b.frames && a.sample === b.sample;
  return {
    added: now.filter(({ id }) => !then.has(id)).map(({ id }) => id),
    removed: before.filter(({ id }) => !present.has(id)).map(({ id }) => id),
    changed: now.filter((clip) => then.has(clip.id) && !same(then.get(clip.id)!, clip)).map(({ id }) => id),
  };
}

const byId = (list: readonly ListedClip[]): ReadonlyMap<string, ListedClip> =>
  new Map(list.map((clip) => [clip.id, clip]));

/** Changes in words: `30 clips then, 35 now: 6 added (a.wav, b.wav and 4 more), 1 removed (c.wav)`. */
export function describeChanges(before: number, now: number, changes: ClipChanges | undefined): string {
  const counts = `${before} ${before === 1 ? 'clip' : 'clips'} then, ${now} now`;
  if (!changes) return counts;
  const parts = Object.entries(changes as unknown as Record<string, readonly string[]>).flatMap(([word, ids]) =>
    ids.length === 0 ? [] : [`${ids.length} ${word} (${some(ids)})`],
  );
  return `${counts}: ${parts.length > 0 ? parts.join(', ') : 'in another order'}`;
}

const SHOWN = 3;

const some = (ids: readonly string[]): string =>
  ids.slice(0, SHOWN).join(', ') + (ids.length > SHOWN ? ` and ${ids.length - SHOWN} more` : '');
