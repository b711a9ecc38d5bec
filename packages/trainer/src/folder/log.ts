import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '@audio-ssl/tensor-files/node';
import { runFiles } from './run-files.js';

/** One line of `log.jsonl`: what one step gave. */
export interface LogEntry {
  /** Index of the step, counted from 0. */
  readonly step: number;
  /** When it ended, ISO 8601. */
  readonly time: string;
  /** How long it took with its batch, in seconds. */
  readonly seconds: number;
  /** What the step measured, and what the hooks that ran after it returned. */
  readonly metrics: Readonly<Record<string, number>>;
  /** What `notesOf` says of them; absent when that is nothing. */
  readonly notes?: readonly string[];
}

/**
 * The log of a run, oldest step first; empty when there is none. A last line that was cut off is left out.
 *
 * @param run the run's folder.
 * @throws Error naming file and line when a line before the last is damaged.
 * @example
 * const losses = (await readLog('runs/first')).map(({ metrics }) => metrics.loss);
 */
export async function readLog(run: string): Promise<LogEntry[]> {
  const path = join(run, runFiles.log);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const lines = text.split('\n');
  return lines.flatMap((line, i) => {
    if (line === '') return [];
    try {
      return [JSON.parse(line) as LogEntry];
    } catch {
      if (i === lines.length - 1) return []; // no line end: the process was killed while it wrote
      throw new Error(`readLog: ${path}, line ${i + 1} is not JSON; restore the file or delete that line`);
    }
  });
}

/** A log that is open for appending. */
export interface Log {
  append(entry: LogEntry): void;
  /** Brings what was appended onto the disk. */
  sync(): void;
  close(): void;
}

/** Opens the log for appending after dropping what lies at or after `step`; tells of steps before it that are missing. */
export async function openLog(run: string, step: number, onWarning?: (message: string) => void): Promise<Log> {
  const path = join(run, runFiles.log);
  const kept = (await readLog(run)).filter((entry) => entry.step < step);
  const missing = step - new Set(kept.map((entry) => entry.step)).size;
  if (missing > 0)
    onWarning?.(
      `train: ${path} lacks ${missing} of the ${step} steps before the checkpoint, which does no harm to the run; ` +
        'its curves and its time have a gap unless the file is restored before the run goes on',
    );
  const text = kept.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  await writeAtomically(path, text);
  const file = openSync(path, 'a');
  return {
    append: (entry) => void writeSync(file, `${JSON.stringify(entry)}\n`),
    sync: () => fsyncSync(file),
    close: () => closeSync(file),
  };
}
