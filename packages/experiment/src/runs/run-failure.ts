import { runFiles, writeJson } from '@audio-ssl/trainer';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../input-error.js';

/** What ended a run against its will; saved as `failure.json` until it is resumed. */
export interface RunFailure {
  /** When, ISO 8601. */
  readonly time: string;
  readonly message: string;
}

/** Notes what ended a run. A mistake in the options is none of the run's, and where nothing has begun there is no run. */
export async function noteFailure(run: string, error: unknown): Promise<void> {
  if (error instanceof InputError || !(error instanceof Error) || !existsSync(join(run, runFiles.config))) return;
  const failure: RunFailure = { time: new Date().toISOString(), message: error.message };
  await writeJson(join(run, runFiles.failure), failure).catch(() => undefined); // the disk may be what failed
}

/** Forgets what ended an earlier session of a run. */
export async function forgetFailure(run: string): Promise<void> {
  await rm(join(run, runFiles.failure), { force: true });
}
