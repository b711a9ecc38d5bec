import { newestCheckpoint, readLog, runFiles, writeJson } from '@audio-ssl/trainer';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { configDifferences } from '../config/config-differences.js';
import type { Config } from '../config/config-schema.js';
import { continuedConfig } from '../config/saved-config.js';
import { InputError } from '../input-error.js';
import { readRunRecord, type RunRecord } from '../run-record.js';

/**
 * What the run in a folder was started with; `undefined` where there is none, or where it ended before its first step:
 * then nothing is lost when another one starts there.
 *
 * @param out the folder
 * @throws InputError or FileError when its files are damaged
 * @example
 * const record = await resumableRun('runs/first');
 * if (record) console.log(`resuming a run of ${record.measured.steps} steps`);
 */
export async function resumableRun(out: string): Promise<RunRecord | undefined> {
  if (!existsSync(join(out, runFiles.config))) return undefined;
  const begun = (await newestCheckpoint(out)) !== undefined || (await readLog(out)).length > 0;
  return begun ? await readRunRecord(out) : undefined;
}

/**
 * The record of the run in `out`, with the settings that may change as they are now, if there is one to be resumed.
 *
 * @param method its name, unless it is the one that the configuration describes
 * @throws InputError for a run that was started otherwise
 */
export async function resumeRun({
  data,
  out,
  config,
  init,
  method,
}: {
  readonly data: string;
  readonly out: string;
  readonly config: Config;
  readonly init?: string | undefined;
  readonly method?: string | undefined;
}): Promise<RunRecord | undefined> {
  const record = await resumableRun(out);
  if (record === undefined) return undefined;
  const continued = continuedConfig(record.config, config);
  const differences = [
    ...(record.method === method ? [] : [`method ${record.method ?? 'matpac'} -> ${method ?? 'matpac'}`]),
    ...(record.data === resolve(data) ? [] : [`data ${record.data} -> ${resolve(data)}`]),
    ...(record.init === (init && resolve(init)) ? [] : [`init ${record.init ?? 'none'} -> ${init ?? 'none'}`]),
    ...configDifferences(record.config, continued),
  ];
  if (differences.length > 0) {
    const isLonger = record.config.steps < continued.steps || record.config.minutes !== continued.minutes;
    throw new InputError(
      `${out} holds a run of another configuration (${differences.join(', ')}); give another \`out\`, or the settings of that run to resume it` +
        (isLonger
          ? `; its schedules are of its length, so a longer one starts from its weights: \`init\` ${out} and another \`out\``
          : ''),
    );
  }
  const now = { ...record, config: continued };
  await writeJson(join(out, runFiles.config), now);
  return now;
}
