import { lockFolder, runFiles } from '@audio-ssl/trainer';
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const WAIT = 10 * 60_000; // milliseconds: what is done under the lock takes less than a second

/**
 * Does work on the figures and pages of a run while no other process does: several probes may end at a time, and a report is
 * made of what all of them found. Waits for its turn; a run that trains goes on meanwhile.
 */
export async function withReportLock<R>(run: string, work: () => Promise<R>): Promise<R> {
  const path = join(run, runFiles.reportLock);
  await mkdir(dirname(path), { recursive: true });
  const lock = await lockFolder(dirname(path), {
    file: basename(path),
    held: (who) => `${who} has been writing the report of ${run} for ten minutes; stop it, then try again`,
    onTakeOver: () => undefined, // what it wrote is whole: files are replaced at once
    wait: WAIT,
  });
  try {
    return await work();
  } finally {
    await lock.release();
  }
}
