import { readJsonOr, runFiles } from '@audio-ssl/trainer';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunSummary } from '../run-record.js';

/** How far a run is. */
export interface RunProgress {
  /** Whether all steps are done and the encoder is saved. */
  readonly completed: boolean;
  /** Steps done. */
  readonly step: number;
  /** Steps to do in all. */
  readonly steps: number;
}

const TAIL = 64 * 1024;

/** How far a run is, from its log: the summary is that of an earlier session while a resumed run is under way. */
export async function runProgress(run: string, steps: number): Promise<RunProgress> {
  const summary = await readJsonOr<Partial<RunSummary> | null>(join(run, runFiles.summary), null);
  const step = (await lastLogged(join(run, runFiles.log))) ?? summary?.step ?? 0;
  return { completed: summary?.completed === true && step >= steps, step, steps };
}

/** Steps that a log tells of, from its end alone; undefined where it is missing or says nothing. */
async function lastLogged(path: string): Promise<number | undefined> {
  const file = await open(path).catch(() => undefined);
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - TAIL);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n').reverse();
    for (const line of lines) {
      try {
        const { step } = JSON.parse(line) as { readonly step?: unknown };
        if (Number.isSafeInteger(step)) return (step as number) + 1;
      } catch {
        // the line that is being written, or the first one of the tail
      }
    }
    return undefined;
  } finally {
    await file.close();
  }
}
