import { newestCheckpoint, runFiles, writeJson, type Fingerprint } from '@audio-ssl/trainer';
import { join } from 'node:path';
import { InputError } from '../input-error.js';
import type { OpenClips } from '../open-clips.js';
import type { Reporter } from '../reporter.js';
import type { DataChange, RunRecord } from '../run-record.js';
import {
  compareClips,
  describeChanges,
  digestOf,
  listClips,
  readClipList,
  writeClipList,
  type ClipsDigest,
} from './clip-list.js';

/** The options of {@link requireSameClips}. */
interface SameClipsOptions {
  readonly acceptDataChange?: boolean | undefined;
  readonly reporter?: Reporter | undefined;
}

/**
 * Refuses to resume a run on other clips than it was begun with, which would change every later batch, unless that is
 * accepted: then the record says so. Keeps the list of the clips.
 *
 * @returns the record to go on with, and what stands for the clips in its fingerprint
 * @throws InputError that says what was added, removed and changed
 */
export async function requireSameClips(
  out: string,
  record: RunRecord,
  clips: OpenClips,
  { acceptDataChange = false, reporter }: SameClipsOptions,
): Promise<{ readonly record: RunRecord; readonly clips: ClipsDigest }> {
  const listed = await readClipList(out);
  const list = await listClips(clips, listed);
  const now = digestOf(list);
  const saved = await newestCheckpoint(out);
  const before = listed ? digestOf(listed) : clipsOf(saved?.fingerprint);
  if (before === undefined) {
    reporter?.note?.(`${out} was begun before runs kept a list of their clips; it has one from here on`);
  } else if (before.digest !== now.digest) {
    const words = describeChanges(before.count, now.count, listed && compareClips(listed, list));
    const known = record.dataChanges?.some(
      (change) => change.before.digest + change.now.digest === before.digest + now.digest,
    );
    if (!acceptDataChange && !known)
      throw new InputError(
        `${record.data} is not what the run in ${out} was begun with (${words}), so its later batches would be others; ` +
          'restore the files, give another `out`, or give `acceptDataChange` to go on with them, which the report then says',
      );
    const change: DataChange = {
      step: saved?.step ?? 0,
      time: new Date().toISOString(),
      words,
      before,
      now,
    };
    // It may have been noted by a process that was killed before it wrote the list.
    const changed = known ? record : { ...record, dataChanges: [...(record.dataChanges ?? []), change] };
    await writeJson(join(out, runFiles.config), changed);
    await writeClipList(out, list);
    reporter?.warning?.(`the data has changed, which was accepted: ${words}; from step ${change.step} on`);
    return { record: changed, clips: now };
  }
  await writeClipList(out, list);
  return { record, clips: now };
}

/**
 * What a checkpoint's fingerprint stands for now: those of earlier versions have no figures and no clips, and clips may have
 * been exchanged since.
 */
export function upgradeFingerprint(
  saved: Fingerprint,
  now: Fingerprint,
  dataChanges: readonly DataChange[] = [],
): Fingerprint {
  const clips = clipsOf(saved);
  const accepted = clips === undefined || dataChanges.some(({ before }) => before.digest === clips.digest);
  return { ...saved, measured: saved['measured'] ?? now['measured'], clips: accepted ? now['clips'] : clips };
}

function clipsOf(fingerprint: Fingerprint | undefined): ClipsDigest | undefined {
  return fingerprint?.['clips'] as ClipsDigest | undefined;
}
